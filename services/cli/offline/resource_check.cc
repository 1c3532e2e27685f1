#include "services/cli/offline/resource_check.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "libs/config/source_lines.h"
#include "libs/http/address.h"
#include "services/authn/directory/directory.h"
#include "services/authn/vault/vault.h"
#include "services/cli/offline/policy_warnings.h"
#include "services/masking/profile_compiler.h"
#include "services/policy/rules/rule_compiler.h"
#include "services/policy/rules/text_engine.h"

namespace countersign::cli::offline {
namespace {

using Lines = std::vector<std::string>;

void AddMistakes(const absl::Status& status, Lines& mistakes) {
  if (status.ok()) return;
  for (absl::string_view line : absl::StrSplit(status.message(), '\n')) {
    mistakes.emplace_back(line);
  }
}

Lines CompileAll(const config::ResourceDraft& draft) {
  Lines mistakes;
  const policy::rules::LocalTextEngine engine;
  AddMistakes(policy::rules::CompileSnapshot(draft.set, engine, nullptr).status(), mistakes);
  for (const auto& [name, profile] : draft.set->masking_profiles) {
    AddMistakes(
        masking::CompileProfile(profile, draft.set->dictionaries, SecretString("check")).status(),
        mistakes);
  }
  AddMistakes(authn::directory::Directory::Compile(draft.set).status(), mistakes);
  for (const config::SourcedResource& source : draft.resources) {
    const std::string& name = source.resource.name;
    if (source.resource.kind != "Credential" || draft.set->credentials.count(name) == 0) continue;
    if (source.secret_spec.empty() || !source.missing_secrets.empty()) continue;
    const auto parsed = authn::vault::ParseCredentialSpec(source.secret_spec);
    if (parsed.ok()) continue;
    mistakes.push_back(absl::StrCat("Credential/", name, ": ", parsed.status().message()));
  }
  for (const auto& [name, connection] : draft.set->connections) {
    const auto url = http::ParseUpstreamUrl(connection.url);
    if (url.ok()) continue;
    mistakes.push_back(absl::StrCat("Connection/", name, ": spec.url: ", url.status().message()));
  }
  return mistakes;
}

// The file and line of a mistake; mistakes without a place sort last.
std::pair<std::size_t, int> FindPlace(const std::string& mistake,
                                      const std::vector<config::SourceFile>& files) {
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string start = absl::StrCat(files[i].name, ":");
    if (!absl::StartsWith(mistake, start)) continue;
    const absl::string_view rest = absl::string_view(mistake).substr(start.size());
    int line = 0;
    (void)absl::SimpleAtoi(rest.substr(0, rest.find(':')), &line);
    return {i, line};
  }
  return {files.size(), 0};
}

}  // namespace

std::string WithoutPlaces(absl::string_view mistakes) {
  std::vector<std::string> lines;
  for (const absl::string_view line : absl::StrSplit(mistakes, '\n')) {
    const std::size_t place = line.find(": ");
    const bool has_place = absl::StartsWith(line, ":") && place != absl::string_view::npos;
    lines.emplace_back(has_place ? line.substr(place + 2) : line);
  }
  return absl::StrJoin(lines, "\n");
}

std::vector<std::string> DescribeUnchecked(const std::vector<config::SourcedResource>& resources) {
  std::vector<std::string> unchecked;
  for (const config::SourcedResource& source : resources) {
    if (source.missing_secrets.empty()) continue;
    unchecked.push_back(absl::StrCat(source.resource.kind, "/", source.resource.name, " without ",
                                     absl::StrJoin(source.missing_secrets, " and ")));
  }
  return unchecked;
}

absl::StatusOr<CheckReport> CheckResources(const std::vector<config::SourceFile>& files,
                                           const config::ExternalValues& values,
                                           const config::DraftOptions& options) {
  config::ResourceDraft draft = config::ReadDraft(files, values, options);
  config::AddNewMistakes(CompileAll(draft), draft);
  if (draft.mistakes.empty()) {
    return CheckReport{draft.resources.size(), DescribeUnchecked(draft.resources),
                       config::WithSourceLines(FindPolicyWarnings(*draft.set), draft.resources)};
  }
  std::stable_sort(draft.mistakes.begin(), draft.mistakes.end(),
                   [&](const std::string& a, const std::string& b) {
                     return FindPlace(a, files) < FindPlace(b, files);
                   });
  return absl::InvalidArgumentError(absl::StrJoin(draft.mistakes, "\n"));
}

}  // namespace countersign::cli::offline
