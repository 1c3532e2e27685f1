#include "libs/config/fields.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/status.h"
#include "libs/base/text/edit_distance.h"
#include "libs/json/writer.h"

namespace countersign::config {
namespace {

constexpr int kMaxDepth = 64;
constexpr std::size_t kMaxValues = 4'000'000;

bool IsPlain(const YAML::Node& node) { return node.Tag() == "?"; }

bool IsJsonNumber(absl::string_view text) {
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t start = at;
    while (at < text.size() && absl::ascii_isdigit(static_cast<unsigned char>(text[at]))) ++at;
    return at - start;
  };
  if (at < text.size() && text[at] == '-') ++at;
  const std::size_t first = at;
  const std::size_t whole = digits();
  if (whole == 0 || (whole > 1 && text[first] == '0')) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

// One spelling for each number (1.50 and 1.5, 1e3 and 1000), so that a resource that is read,
// printed and read again is the same text. Numbers that do not fit a double are kept as written.
std::string CanonicalNumber(const std::string& text) {
  std::int64_t integer = 0;
  if (absl::SimpleAtoi(text, &integer)) return absl::StrCat(integer);
  double number = 0;
  if (!absl::SimpleAtod(text, &number) || !std::isfinite(number)) return text;
  if (number == std::floor(number) && std::fabs(number) < 1e15) {
    return absl::StrCat(static_cast<std::int64_t>(number));
  }
  return json::Writer().Number(number).str();
}

void AppendScalar(const YAML::Node& node, std::string& out) {
  const std::string& text = node.Scalar();
  const bool word = text == "true" || text == "false";
  if (IsPlain(node) && word) {
    out += text;
  } else if (IsPlain(node) && IsJsonNumber(text)) {
    out += CanonicalNumber(text);
  } else {
    out += json::Quote(text);
  }
}

absl::Status Append(const YAML::Node& node, int depth, std::size_t& values, std::string& out) {
  if (depth > kMaxDepth) return absl::InvalidArgumentError("nested deeper than 64 levels");
  if (++values > kMaxValues) return absl::InvalidArgumentError("more than 4 million values");
  switch (node.Type()) {
    case YAML::NodeType::Scalar: AppendScalar(node, out); return absl::OkStatus();
    case YAML::NodeType::Sequence: {
      out.push_back('[');
      bool first = true;
      for (const YAML::Node& child : node) {
        if (!std::exchange(first, false)) out.push_back(',');
        CS_RETURN_IF_ERROR(Append(child, depth + 1, values, out));
      }
      out.push_back(']');
      return absl::OkStatus();
    }
    case YAML::NodeType::Map: {
      std::map<std::string, YAML::Node> members;
      for (const auto& member : node) members.emplace(member.first.Scalar(), member.second);
      out.push_back('{');
      bool first = true;
      for (const auto& [key, value] : members) {
        if (!std::exchange(first, false)) out.push_back(',');
        absl::StrAppend(&out, json::Quote(key), ":");
        CS_RETURN_IF_ERROR(Append(value, depth + 1, values, out));
      }
      out.push_back('}');
      return absl::OkStatus();
    }
    default: out += "null"; return absl::OkStatus();
  }
}

void AddLines(const YAML::Node& node, const std::string& path, int depth, SourceLines& lines) {
  if (depth > kMaxDepth || !node.IsDefined()) return;
  if (!node.Mark().is_null()) lines.emplace(path, static_cast<std::size_t>(node.Mark().line + 1));
  std::size_t index = 0;
  if (node.IsSequence()) {
    for (const YAML::Node& child : node) {
      AddLines(child, absl::StrCat(path, "[", index++, "]"), depth + 1, lines);
    }
  } else if (node.IsMap()) {
    for (const auto& member : node) {
      if (!member.first.IsScalar()) continue;
      AddLines(member.second, absl::StrCat(path, ".", member.first.Scalar()), depth + 1, lines);
    }
  }
}

}  // namespace

std::size_t ClosestLine(const SourceLines& lines, absl::string_view path) {
  while (!path.empty()) {
    const auto found = lines.find(std::string(path));
    if (found != lines.end()) return found->second;
    const std::size_t end = path.find_last_of(".[");
    if (end == absl::string_view::npos) break;
    path = path.substr(0, end);
  }
  return 0;
}

void Mistakes::SetPlace(std::string file, std::string resource) {
  file_ = std::move(file);
  resource_ = std::move(resource);
  lines_of_place_ = nullptr;
}

void Mistakes::Add(const YAML::Node& node, absl::string_view path, absl::string_view what) {
  std::string line = file_;
  if (lines_of_place_ != nullptr) {
    absl::StrAppend(&line, ":", std::max<std::size_t>(1, ClosestLine(*lines_of_place_, path)));
  } else if (node.IsDefined() && !node.Mark().is_null()) {
    absl::StrAppend(&line, ":", node.Mark().line + 1);
  }
  if (!resource_.empty()) absl::StrAppend(&line, ": ", resource_);
  if (!path.empty()) absl::StrAppend(&line, ": ", path);
  lines_.push_back(absl::StrCat(line, ": ", what));
}

void Mistakes::Describe(FieldDescription field) {
  if (described_ == nullptr) return;
  for (const FieldDescription& known : *described_) {
    if (known.path == field.path) return;
  }
  described_->push_back(std::move(field));
}

absl::Status Mistakes::ToStatus() const {
  if (lines_.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(lines_, "\n"));
}

Fields::Fields(const YAML::Node& node, std::string path, Mistakes& mistakes)
    : node_(std::make_unique<const YAML::Node>(node)), path_(std::move(path)), mistakes_(mistakes) {
  if (node_->IsDefined() && !node_->IsMap()) mistakes_.Add(*node_, path_, "must be a mapping");
}

Fields::~Fields() { Finish(); }

void Fields::Finish() {
  if (!node_->IsDefined() || !node_->IsMap()) return;
  std::set<std::string> seen;
  for (const auto& member : *node_) {
    const std::string name = member.first.IsScalar() ? member.first.Scalar() : "?";
    if (!seen.insert(name).second) mistakes_.Add(member.first, Path(name), "is given twice");
    if (known_.count(name) > 0) continue;
    const std::string meant = ProbablyMeant(name, {known_.begin(), known_.end()});
    mistakes_.Add(
        member.first, Path(name),
        meant.empty() ? "unknown field" : absl::StrCat("unknown field; did you mean ", meant, "?"));
  }
}

std::string Fields::Path(absl::string_view name) const {
  if (name.empty()) return path_;
  return path_.empty() ? std::string(name) : absl::StrCat(path_, ".", name);
}

void Fields::Mistake(absl::string_view name, absl::string_view what) {
  const YAML::Node child = name.empty() ? *node_ : Child(name);
  mistakes_.Add(child.IsDefined() ? child : *node_, Path(name), what);
}

YAML::Node Fields::Child(absl::string_view name) {
  known_.emplace(name);
  if (!node_->IsDefined() || !node_->IsMap()) return YAML::Node(YAML::NodeType::Undefined);
  for (const auto& member : *node_) {
    if (member.first.IsScalar() && member.first.Scalar() == name) return member.second;
  }
  return YAML::Node(YAML::NodeType::Undefined);
}

Fields Fields::Nested(absl::string_view name) { return Fields(Child(name), Path(name), mistakes_); }

bool Fields::Has(absl::string_view name) { return Child(name).IsDefined(); }

std::optional<std::string> Fields::Scalar(absl::string_view name, bool plain) {
  const YAML::Node child = Child(name);
  if (!child.IsDefined()) return std::nullopt;
  if (!child.IsScalar()) {
    Mistake(name, child.IsNull() ? "has no value" : "must be a single value");
    return std::nullopt;
  }
  if (plain && !IsPlain(child)) {
    Mistake(name, absl::StrCat("must be written without quotes, not \"", child.Scalar(), "\""));
    return std::nullopt;
  }
  return child.Scalar();
}

void Fields::Describe(absl::string_view name, std::string type, std::string fallback) {
  mistakes_.Describe({Path(name), std::move(type), std::move(fallback)});
}

std::string Fields::Required(absl::string_view name) {
  mistakes_.Describe({Path(name), "text", "", /*required=*/true});
  if (!Has(name)) {
    mistakes_.Add(*node_, Path(name), "is required");
    return "";
  }
  const std::optional<std::string> value = Scalar(name, /*plain=*/false);
  if (value.has_value() && value->empty()) Mistake(name, "must not be empty");
  return value.value_or("");
}

std::string Fields::String(absl::string_view name, absl::string_view fallback) {
  Describe(name, "text", std::string(fallback));
  return Scalar(name, /*plain=*/false).value_or(std::string(fallback));
}

bool Fields::Bool(absl::string_view name, bool fallback) {
  Describe(name, "true or false", fallback ? "true" : "false");
  const std::optional<std::string> text = Scalar(name, /*plain=*/true);
  if (!text.has_value()) return fallback;
  if (*text != "true" && *text != "false") {
    Mistake(name, "must be true or false");
    return fallback;
  }
  return *text == "true";
}

std::int64_t Fields::Integer(absl::string_view name, std::int64_t fallback, std::int64_t least,
                             std::int64_t most) {
  Describe(name, absl::StrCat("whole number from ", least, " to ", most), absl::StrCat(fallback));
  const std::optional<std::string> text = Scalar(name, /*plain=*/true);
  if (!text.has_value()) return fallback;
  std::int64_t value = 0;
  if (!IsJsonNumber(*text) || !absl::SimpleAtoi(*text, &value)) {
    Mistake(name, absl::StrCat("must be a whole number, not \"", *text, "\""));
    return fallback;
  }
  if (value < least || value > most) {
    Mistake(name, absl::StrCat("must be from ", least, " to ", most, ", not ", value));
    return fallback;
  }
  return value;
}

double Fields::Number(absl::string_view name, double fallback) {
  Describe(name, "number", absl::StrCat(fallback));
  const std::optional<std::string> text = Scalar(name, /*plain=*/true);
  if (!text.has_value()) return fallback;
  double value = 0;
  if (!IsJsonNumber(*text) || !absl::SimpleAtod(*text, &value)) {
    Mistake(name, absl::StrCat("must be a number, not \"", *text, "\""));
    return fallback;
  }
  return value;
}

absl::Duration Fields::Duration(absl::string_view name, absl::Duration fallback,
                                absl::Duration least, absl::Duration most) {
  Describe(name,
           absl::StrCat("duration from ", absl::FormatDuration(least), " to ",
                        absl::FormatDuration(most)),
           absl::FormatDuration(fallback));
  const std::optional<std::string> text = Scalar(name, /*plain=*/false);
  if (!text.has_value()) return fallback;
  absl::Duration value;
  if (!absl::ParseDuration(*text, &value)) {
    Mistake(name, absl::StrCat("must be a duration such as 15m or 1h30m, not \"", *text, "\""));
    return fallback;
  }
  if (value < least || value > most) {
    Mistake(name, absl::StrCat("must be from ", absl::FormatDuration(least), " to ",
                               absl::FormatDuration(most), ", not ", *text));
    return fallback;
  }
  return value;
}

void Fields::ForEach(absl::string_view name,
                     const std::function<void(const YAML::Node&, const std::string&)>& item) {
  const YAML::Node child = Child(name);
  if (!child.IsDefined()) return;
  if (!child.IsSequence()) {
    Mistake(name, "must be a list");
    return;
  }
  std::size_t index = 0;
  for (const YAML::Node& element : child) {
    item(element, absl::StrCat(Path(name), "[", index++, "]"));
  }
}

std::vector<std::string> Fields::Strings(absl::string_view name) {
  Describe(name, "list of texts", "[]");
  std::vector<std::string> values;
  ForEach(name, [&](const YAML::Node& element, const std::string& path) {
    if (!element.IsScalar() || element.Scalar().empty()) {
      mistakes_.Add(element, path, "must be a text that is not empty");
    } else {
      values.push_back(element.Scalar());
    }
  });
  return values;
}

std::vector<std::pair<std::string, std::string>> Fields::StringMap(absl::string_view name) {
  Describe(name, "mapping of texts to texts", "{}");
  std::vector<std::pair<std::string, std::string>> values;
  const YAML::Node child = Child(name);
  if (!child.IsDefined()) return values;
  if (!child.IsMap()) {
    Mistake(name, "must be a mapping");
    return values;
  }
  std::set<std::string> seen;
  for (const auto& member : child) {
    if (!member.first.IsScalar() || !member.second.IsScalar()) {
      mistakes_.Add(member.second, Path(name), "must map texts to texts");
    } else if (!seen.insert(member.first.Scalar()).second) {
      mistakes_.Add(member.first, absl::StrCat(Path(name), ".", member.first.Scalar()),
                    "is given twice");
    } else {
      values.emplace_back(member.first.Scalar(), member.second.Scalar());
    }
  }
  return values;
}

std::string Fields::Choice(absl::string_view name, const std::vector<std::string>& allowed,
                           absl::string_view fallback) {
  Describe(name, absl::StrCat("one of ", absl::StrJoin(allowed, ", ")), std::string(fallback));
  const std::optional<std::string> text = Scalar(name, /*plain=*/false);
  if (!text.has_value()) return std::string(fallback);
  if (std::find(allowed.begin(), allowed.end(), *text) == allowed.end()) {
    Mistake(name,
            absl::StrCat("must be one of ", absl::StrJoin(allowed, ", "), ", not \"", *text, "\""));
    return std::string(fallback);
  }
  return *text;
}

SourceLines CollectLines(const YAML::Node& node, const std::string& path) {
  SourceLines lines;
  AddLines(node, path, 0, lines);
  return lines;
}

absl::Status AppendCanonicalJson(const YAML::Node& node, std::string& out) {
  std::size_t values = 0;
  return Append(node, 0, values, out);
}

}  // namespace countersign::config
