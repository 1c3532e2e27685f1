#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/json/document.h"

namespace countersign::cli::output {

enum class Format { kTable, kJson, kYaml };

// Text that somebody else wrote, made safe to show: control characters, bidirectional controls,
// zero-width and other invisible characters appear as \n, \t or \u{202e}, so that what a reviewer
// reads is what is there. Nothing is left out.
std::string Printable(absl::string_view text);

// `value` as indented JSON with the members in their order, and as YAML. Both end with a newline.
void PrintJson(std::ostream& out, json::Value value);
void PrintYaml(std::ostream& out, json::Value value);

// Columns as wide as their widest cell, two spaces between them, headings in capitals. Cells pass
// through Printable.
class Table {
 public:
  explicit Table(std::vector<std::string> headings) { rows_.push_back(std::move(headings)); }
  void Add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  void Print(std::ostream& out) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

// `value` as compact JSON.
std::string ToJson(json::Value value);

// A cell for a value of a listing: numbers plain, lists joined by commas, times cut to seconds, "-"
// for nothing.
std::string Cell(json::Value value);

}  // namespace countersign::cli::output
