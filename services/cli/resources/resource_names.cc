#include "services/cli/resources/resource_names.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "libs/base/status.h"
#include "libs/base/text/edit_distance.h"
#include "libs/command_line/usage.h"
#include "libs/config/resource_reader.h"
#include "libs/json/writer.h"
#include "services/cli/invocation.h"

namespace countersign::cli::resources {
namespace {

absl::StatusOr<std::string> Kind(absl::string_view word) {
  const absl::StatusOr<std::string> kind = config::KindFromUser(word);
  return kind.ok() ? kind : command_line::Misuse(kind.status().message());
}

// KIND/NAME, each.
absl::StatusOr<std::vector<ResourceName>> ReadPaths(const std::vector<std::string>& words) {
  std::vector<ResourceName> names;
  for (const std::string& word : words) {
    const std::size_t slash = word.find('/');
    if (slash == std::string::npos || slash + 1 == word.size()) {
      return command_line::Misuse(
          absl::StrCat("\"", word, "\" is not KIND/NAME, as the others are; or write KIND NAME"));
    }
    CS_ASSIGN_OR_RETURN(std::string kind, Kind(word.substr(0, slash)));
    names.push_back({std::move(kind), word.substr(slash + 1)});
  }
  return names;
}

}  // namespace

absl::Status SuggestName(GatewayClient& gateway, const ResourceName& wanted,
                         const absl::Status& missing) {
  const auto all = GetResources(gateway, {wanted.kind, ""});
  if (!all.ok()) return missing;
  std::vector<std::string> names;
  const json::Value items = all->root()["items"];
  for (std::size_t i = 0; i < items.size(); ++i) names.emplace_back(items.at(i)["name"].text());
  const std::string meant = ProbablyMeant(wanted.name, names);
  if (meant.empty()) return missing;
  return absl::NotFoundError(absl::StrCat(missing.message(), "; did you mean ", meant, "?"));
}

absl::StatusOr<std::vector<ResourceName>> ReadResourceNames(const std::vector<std::string>& words) {
  if (words.empty()) return command_line::Misuse("a kind is missing");
  if (words[0].find('/') != std::string::npos) return ReadPaths(words);
  std::vector<ResourceName> names;
  if (words[0] == "all") {
    for (const std::string& kind : config::Kinds()) names.push_back({kind, ""});
    if (words.size() == 1) return names;
    return command_line::Misuse("all names every resource; leave the names out, or name a kind");
  }
  const std::vector<std::string> kinds = absl::StrSplit(words[0], ',');
  for (const std::string& word : kinds) {
    CS_ASSIGN_OR_RETURN(const std::string kind, Kind(word));
    if (words.size() == 1) names.push_back({kind, ""});
    for (std::size_t i = 1; i < words.size(); ++i) names.push_back({kind, words[i]});
  }
  return names;
}

absl::StatusOr<std::vector<ResourceName>> ReadFullResourceNames(
    const std::vector<std::string>& words) {
  CS_ASSIGN_OR_RETURN(std::vector<ResourceName> names, ReadResourceNames(words));
  for (const ResourceName& one : names) {
    if (one.name.empty()) {
      return command_line::Misuse(absl::StrCat("name the ", one.kind,
                                               ": KIND NAME or KIND/NAME (countersign get ",
                                               one.kind, " lists them)"));
    }
  }
  return names;
}

absl::Status CheckKindWord(const std::string& word) {
  if (word == "all") return absl::OkStatus();
  const std::string kinds = word.substr(0, word.find('/'));
  for (const absl::string_view kind : absl::StrSplit(kinds, ',')) {
    CS_RETURN_IF_ERROR(config::KindFromUser(kind).status());
  }
  return absl::OkStatus();
}

std::string KindsHelp() {
  return absl::StrCat("One of ", absl::StrJoin(config::Kinds(), ", "),
                      "; plural and lower case do");
}

absl::StatusOr<json::Document> GetResources(GatewayClient& gateway, const ResourceName& wanted) {
  json::Writer request;
  request.BeginObject().Key("kind").String(wanted.kind).Key("name").String(wanted.name).EndObject();
  auto found = ListAll(gateway, "policy.v1.ResourceService/GetResources", request.str(), 0);
  if (wanted.name.empty() || !absl::IsNotFound(found.status())) return found;
  return SuggestName(gateway, wanted, found.status());
}

}  // namespace countersign::cli::resources
