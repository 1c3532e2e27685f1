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

// Prints `value` as indented JSON with its members in their order, or as YAML. Both end with a
// newline and read back as the same value. Characters that Printable replaces are escaped, because
// YAML refuses most of them and a terminal may act on them.
void PrintJson(std::ostream& out, json::Value value);
void PrintYaml(std::ostream& out, json::Value value);

// A table with two spaces between columns, each as wide as its widest cell so far. Headings are in
// capitals; cells pass through Printable.
class Table {
 public:
  explicit Table(const std::vector<std::string>& headings) { Add(headings); }
  void Add(const std::vector<std::string>& cells);
  // Writes the rows added since the last Print.
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
// PrintJson and PrintYaml write it. A table keeps one page in memory; JSON and YAML keep nothing.
class Listing {
 public:
  // `out` must outlive it.
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
