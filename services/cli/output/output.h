#pragma once

#include <ostream>
#include <string>

#include "absl/strings/string_view.h"
#include "libs/json/document.h"

namespace countersign::cli::output {

// How a verb's answer is printed. Wide tables have more columns; names are one per line; a JSON
// path picks values of what kJson prints.
enum class Format { kTable, kWide, kName, kJson, kYaml, kJsonPath };

inline bool IsTable(Format format) { return format == Format::kTable || format == Format::kWide; }

// Makes untrusted text safe to print: control characters, bidirectional controls and invisible
// characters become \n, \t or \u{202e}, so that a reviewer sees every character. Nothing is left
// out.
std::string Printable(absl::string_view text);

// Prints `value` as indented JSON with its members in their order, or as YAML. Both end with a
// newline and read back as the same value. Characters that Printable replaces are escaped, because
// YAML refuses most of them and a terminal may act on them.
void PrintJson(std::ostream& out, json::Value value);
void PrintYaml(std::ostream& out, json::Value value);

// A value within a document that is being written: as JSON at this depth of indentation, and as
// YAML behind the "- " of an outermost list.
void PrintNestedJson(std::ostream& out, json::Value value, int depth);
void PrintNestedYaml(std::ostream& out, json::Value value);
// A text as PrintJson writes it; a plain YAML scalar if YAML reads it back as the same text,
// otherwise a quoted one.
std::string JsonText(absl::string_view text);
std::string YamlText(absl::string_view text);

// `value` as compact JSON.
std::string ToJson(json::Value value);

// A table's cell for a value: numbers unchanged, lists joined by commas, times truncated to
// seconds, "-" for nothing.
std::string Cell(json::Value value);

}  // namespace countersign::cli::output
