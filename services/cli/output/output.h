#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/json/document.h"

namespace countersign::cli::output {

enum class Format { kTable, kJson, kYaml };

// Makes untrusted text safe to print: control characters, bidirectional controls and invisible
// characters become \n, \t or \u{202e}, so that a reviewer sees every character. Nothing is left
// out.
std::string Printable(absl::string_view text);

// `value` as indented JSON with the members in their order, and as YAML. Both end with a newline,
// and read back as the same value. What Printable would not write as it is stands escaped: YAML
// refuses most of it, and a terminal may act on it.
void PrintJson(std::ostream& out, json::Value value);
void PrintYaml(std::ostream& out, json::Value value);

// Columns as wide as their widest cell so far, two spaces between them, headings in capitals. Cells
// pass through Printable.
class Table {
 public:
  explicit Table(const std::vector<std::string>& headings) { Add(headings); }
  void Add(const std::vector<std::string>& cells);
  // Writes the rows that were not written yet.
  void Print(std::ostream& out);

 private:
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::size_t> widths_;
};

struct Column {
  std::string heading;
  std::string member;
};

// Writes a listing item by item: a table of `columns`, or {"items": […], "nextPageToken": …} as
// PrintJson and PrintYaml write it. Keeps one page in memory, of JSON and YAML nothing.
class Listing {
 public:
  // `out` outlives it.
  Listing(std::ostream& out, Format format, std::vector<Column> columns);
  void Add(json::Value item);
  void EndPage();
  void End(absl::string_view next_page_token);

 private:
  std::ostream& out_;
  const Format format_;
  const std::vector<Column> columns_;
  Table table_;
  bool empty_ = true;
};

// `value` as compact JSON.
std::string ToJson(json::Value value);

// A table's cell for a value: numbers unchanged, lists joined by commas, times truncated to
// seconds, "-" for nothing.
std::string Cell(json::Value value);

}  // namespace countersign::cli::output
