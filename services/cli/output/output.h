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

// Print `value` as indented JSON, keeping the order of members, or as YAML; with a final newline.
void PrintJson(std::ostream& out, json::Value value);
void PrintYaml(std::ostream& out, json::Value value);

// A table whose columns are as wide as their widest cell, two spaces apart, with headings in
// capitals. Cells are passed through Printable.
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

// A table's cell for a value: numbers unchanged, lists joined by commas, times truncated to
// seconds, "-" for nothing.
std::string Cell(json::Value value);

}  // namespace countersign::cli::output
