#include "services/cli/create/resource_builder.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "libs/base/status.h"
#include "libs/base/text/edit_distance.h"
#include "libs/config/reference/resource_reference.h"
#include "libs/json/writer.h"

namespace countersign::cli::create {
namespace {

constexpr absl::string_view kMapOfTexts = "mapping of texts to texts";

std::string FullPath(absl::string_view path) {
  return absl::StartsWith(path, "spec.") ? std::string(path) : absl::StrCat("spec.", path);
}

std::string ValueJson(absl::string_view text) {
  for (const absl::string_view source : {"env", "file"}) {
    absl::string_view name = text;
    if (absl::ConsumePrefix(&name, absl::StrCat(source, ":"))) {
      return absl::StrCat("{\"", source, "\":", json::Quote(name), "}");
    }
  }
  return absl::StrCat("{\"inline\":", json::Quote(text), "}");
}

absl::StatusOr<std::string> NumberJson(absl::string_view text) {
  double number = 0;
  if (!absl::SimpleAtod(text, &number) || !std::isfinite(number)) {
    return absl::InvalidArgumentError(absl::StrCat("must be a number, not \"", text, "\""));
  }
  return std::string(text);
}

absl::StatusOr<std::string> ScalarJson(absl::string_view type, absl::string_view text) {
  if (absl::StartsWith(type, "whole number") || type == "number") return NumberJson(text);
  if (type == "true or false") {
    if (text == "true" || text == "false") return std::string(text);
    return absl::InvalidArgumentError(absl::StrCat("must be true or false, not \"", text, "\""));
  }
  if (type == "empty mapping") return std::string("{}");
  if (type == "value") return ValueJson(text);
  const bool holds_others = absl::StrContains(type, "mapping") ||
                            absl::StrContains(type, "condition") ||
                            absl::StrContains(type, "rules");
  if (holds_others) {
    return absl::InvalidArgumentError(
        absl::StrCat("is a ", type, ": set the fields in it, or write it in a file for apply"));
  }
  return json::Quote(text);
}

}  // namespace

std::string ResourceBuilder::Node::str() const {
  if (!items.empty()) return absl::StrCat("[", absl::StrJoin(items, ","), "]");
  if (members.empty()) return json.empty() ? "{}" : json;
  std::vector<std::string> written;
  for (const auto& [name, member] : members) {
    written.push_back(absl::StrCat(json::Quote(name), ":", member.str()));
  }
  return absl::StrCat("{", absl::StrJoin(written, ","), "}");
}

ResourceBuilder::ResourceBuilder(std::string kind, std::string name) : kind_(std::move(kind)) {
  SetJson("apiVersion", json::Quote("countersign/v1"));
  SetJson("kind", json::Quote(kind_));
  SetJson("metadata.name", json::Quote(name));
  At("spec");
}

ResourceBuilder::Node& ResourceBuilder::At(absl::string_view path) {
  Node* node = &root_;
  for (const absl::string_view name : absl::StrSplit(path, '.')) {
    auto found = std::find_if(node->members.begin(), node->members.end(),
                              [&](const auto& member) { return member.first == name; });
    if (found == node->members.end()) {
      node->members.emplace_back(std::string(name), Node());
      found = std::prev(node->members.end());
    }
    node = &found->second;
  }
  return *node;
}

absl::StatusOr<std::string> ResourceBuilder::FindType(absl::string_view path) const {
  const config::reference::Kind& kind = *config::reference::FindKind(kind_);
  const std::string full = FullPath(path);
  if (const auto* const field = config::reference::FindField(kind, full)) return field->type;
  const auto* const parent = config::reference::FindField(kind, full.substr(0, full.rfind('.')));
  if (parent != nullptr && parent->type == kMapOfTexts) return std::string("text");
  std::vector<std::string> paths;
  for (const auto& field : kind.fields) paths.push_back(field.path);
  const std::string meant = ProbablyMeant(full, paths);
  return absl::NotFoundError(
      meant.empty() ? absl::StrCat("a ", kind_, " has no such field; countersign explain ", kind_,
                                   " --recursive shows those that it has")
                    : absl::StrCat("a ", kind_, " has no such field; did you mean ", meant, "?"));
}

absl::Status ResourceBuilder::Set(absl::string_view path, absl::string_view text) {
  CS_ASSIGN_OR_RETURN(const std::string type, FindType(path));
  const std::string full = FullPath(path);
  if (absl::StartsWith(type, "list of texts")) {
    for (const absl::string_view item : absl::StrSplit(text, ',')) {
      Append(full, json::Quote(absl::StripAsciiWhitespace(item)));
    }
    return absl::OkStatus();
  }
  CS_ASSIGN_OR_RETURN(std::string json, ScalarJson(type, text));
  SetJson(full, std::move(json));
  return absl::OkStatus();
}

void ResourceBuilder::Append(absl::string_view path, std::string json) {
  At(path).items.push_back(std::move(json));
}

void ResourceBuilder::SetJson(absl::string_view path, std::string json) {
  At(path).json = std::move(json);
}

void ResourceBuilder::AddLabel(absl::string_view name, absl::string_view value) {
  Node& labels = At("metadata.labels");  // a label's name may have dots
  labels.members.emplace_back(std::string(name), Node{json::Quote(value), {}, {}});
}

std::string ResourceBuilder::str() const { return root_.str(); }

}  // namespace countersign::cli::create
