#include "services/cli/output/output.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/utf8.h"
#include "libs/json/writer.h"

namespace countersign::cli::output {
namespace {

// Whether a character changes how others are shown or is itself invisible: bidirectional controls,
// zero-width and other default-ignorable characters, tags, variation selectors, line and paragraph
// separators.
bool IsDeceptive(std::uint32_t c) {
  const std::uint32_t ranges[][2] = {
      {0x00, 0x1f},      {0x7f, 0x9f},     {0xad, 0xad},     {0x34f, 0x34f},     {0x61c, 0x61c},
      {0x115f, 0x1160},  {0x17b4, 0x17b5}, {0x180b, 0x180f}, {0x200b, 0x200f},   {0x2028, 0x202e},
      {0x2060, 0x206f},  {0x2800, 0x2800}, {0x3164, 0x3164}, {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},
      {0xffa0, 0xffa0},  {0xfff0, 0xfffb}, {0xfffe, 0xffff}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
      {0xe0000, 0xe0fff}};
  return std::any_of(std::begin(ranges), std::end(ranges),
                     [&](const auto& range) { return c >= range[0] && c <= range[1]; });
}

std::string NumberText(json::Value value) {
  json::Writer writer;
  if (const auto integer = value.integer()) {
    writer.Int(*integer);
  } else {
    writer.Number(value.number().value_or(0));
  }
  return writer.str();
}

// How a character above U+FFFF is escaped: JSON uses a pair of surrogates, which YAML would read as
// two characters.
enum class Notation { kJson, kYaml };

void AppendEscape(std::uint32_t c, Notation notation, std::string& out) {
  if (c <= 0xffff) {
    absl::StrAppend(&out, "\\u", absl::Hex(c, absl::kZeroPad4));
  } else if (notation == Notation::kYaml) {
    absl::StrAppend(&out, "\\U", absl::Hex(c, absl::kZeroPad8));
  } else {
    absl::StrAppend(&out, "\\u", absl::Hex(0xd800 + ((c - 0x10000) >> 10), absl::kZeroPad4));
    absl::StrAppend(&out, "\\u", absl::Hex(0xdc00 + ((c - 0x10000) & 0x3ff), absl::kZeroPad4));
  }
}

std::string Quoted(absl::string_view text, Notation notation) {
  std::string json = json::Quote(text);  // control characters below U+0020 are escaped
  const auto is_plain = [](char c) { return c > 0 && c != 0x7f; };
  if (std::all_of(json.begin(), json.end(), is_plain)) return json;
  std::string out;
  out.reserve(json.size());
  for (std::size_t at = 0; at < json.size();) {
    const Utf8Char character = DecodeUtf8(json, at);
    if (character.valid && IsDeceptive(character.code_point)) {
      AppendEscape(character.code_point, notation, out);
    } else {
      out.append(json, at, character.size);
    }
    at += character.size;
  }
  return out;
}

std::string Scalar(json::Value value, Notation notation) {
  switch (value.type()) {
    case json::Type::kString: return Quoted(value.text(), notation);
    case json::Type::kNumber: return NumberText(value);
    case json::Type::kBool: return *value.boolean() ? "true" : "false";
    default: return "null";
  }
}

bool IsContainer(json::Value value) {
  return value.is(json::Type::kObject) || value.is(json::Type::kArray);
}

void Indented(std::ostream& out, json::Value value, int depth) {
  if (!IsContainer(value)) {
    out << Scalar(value, Notation::kJson);
    return;
  }
  const bool object = value.is(json::Type::kObject);
  out << (object ? "{" : "[");
  for (std::size_t i = 0; i < value.size(); ++i) {
    out << (i == 0 ? "\n" : ",\n") << std::string(2 * (depth + 1), ' ');
    if (object) out << Quoted(value.key(i), Notation::kJson) << ": ";
    Indented(out, value.at(i), depth + 1);
  }
  if (value.size() > 0) out << "\n" << std::string(2 * depth, ' ');
  out << (object ? "}" : "]");
}

void Yaml(std::ostream& out, json::Value value, int depth, bool after_dash) {
  if (!IsContainer(value)) {
    out << (value.is(json::Type::kString) ? YamlText(value.text()) : Scalar(value, Notation::kYaml))
        << "\n";
    return;
  }
  if (value.size() == 0) {
    out << (value.is(json::Type::kObject) ? "{}" : "[]") << "\n";
    return;
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (!(i == 0 && after_dash)) out << std::string(2 * depth, ' ');
    const json::Value child = value.at(i);
    if (value.is(json::Type::kArray)) {
      out << "- ";
      Yaml(out, child, depth + 1, true);
      continue;
    }
    out << YamlText(value.key(i)) << ":";
    if (IsContainer(child) && child.size() > 0) {
      out << "\n";
      Yaml(out, child, child.is(json::Type::kArray) ? depth : depth + 1, false);
    } else {
      out << " ";
      Yaml(out, child, depth, false);
    }
  }
}

bool IsTime(absl::string_view text) {
  return text.size() >= 20 && text[4] == '-' && text[10] == 'T' && text.back() == 'Z';
}

}  // namespace

std::string JsonText(absl::string_view text) { return Quoted(text, Notation::kJson); }

std::string YamlText(absl::string_view text) {
  const auto safe = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '/' ||
           c == '.';
  };
  static const char* const kWords[] = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"};
  const std::string lower = absl::AsciiStrToLower(text);
  const bool word = std::any_of(std::begin(kWords), std::end(kWords),
                                [&](const char* other) { return lower == other; });
  if (text.empty() || word || !absl::ascii_isalpha(static_cast<unsigned char>(text[0])) ||
      !std::all_of(text.begin(), text.end(), safe)) {
    return Quoted(text, Notation::kYaml);
  }
  return std::string(text);
}

std::string Printable(absl::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Char character = DecodeUtf8(text, at);
    if (!character.valid) {
      absl::StrAppend(&out, "\\x{",
                      absl::Hex(static_cast<unsigned char>(text[at]), absl::kZeroPad2), "}");
    } else if (character.code_point == '\n') {
      out += "\\n";
    } else if (character.code_point == '\t') {
      out += "\\t";
    } else if (IsDeceptive(character.code_point)) {
      absl::StrAppend(&out, "\\u{", absl::Hex(character.code_point), "}");
    } else {
      out.append(text.data() + at, character.size);
    }
    at += character.size;
  }
  return out;
}

std::string ToJson(json::Value value) {
  if (!IsContainer(value)) return Scalar(value, Notation::kJson);
  const bool object = value.is(json::Type::kObject);
  std::string out = object ? "{" : "[";
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (i > 0) out += ",";
    if (object) absl::StrAppend(&out, Quoted(value.key(i), Notation::kJson), ":");
    out += ToJson(value.at(i));
  }
  out += object ? "}" : "]";
  return out;
}

void PrintJson(std::ostream& out, json::Value value) {
  Indented(out, value, 0);
  out << "\n";
}

void PrintYaml(std::ostream& out, json::Value value) { Yaml(out, value, 0, false); }

void PrintNestedJson(std::ostream& out, json::Value value, int depth) {
  Indented(out, value, depth);
}

void PrintNestedYaml(std::ostream& out, json::Value value) { Yaml(out, value, 1, true); }

std::string Cell(json::Value value) {
  switch (value.type()) {
    case json::Type::kString:
      if (value.text().empty()) return "-";
      if (IsTime(value.text())) return absl::StrCat(value.text().substr(0, 19), "Z");
      return std::string(value.text());
    case json::Type::kNumber: return NumberText(value);
    case json::Type::kBool: return *value.boolean() ? "true" : "false";
    case json::Type::kNull: return "-";
    default: break;
  }
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const std::string part = Cell(value.at(i));
    parts.push_back(value.is(json::Type::kObject) ? absl::StrCat(value.key(i), "=", part) : part);
  }
  return parts.empty() ? "-" : absl::StrJoin(parts, ",");
}

}  // namespace countersign::cli::output
