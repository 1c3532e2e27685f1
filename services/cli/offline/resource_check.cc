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
#include "services/authn/directory.h"
#include "services/authn/vault.h"
#include "services/masking/profile_compiler.h"
#include "services/policy/rules/rule_compiler.h"
#include "services/policy/rules/text_engine.h"

namespace countersign::cli::offline {
namespace {

using Lines = std::vector<std::string>;

void Take(const absl::Status& status, Lines& mistakes) {
  if (status.ok()) return;
  for (absl::string_view line : absl::StrSplit(status.message(), '\n')) {
    mistakes.emplace_back(line);
  }
}

Lines JudgeAll(const config::ResourceDraft& draft) {
  Lines mistakes;
  const policy::rules::LocalTextEngine engine;
  Take(policy::rules::CompileSnapshot(draft.set, engine, nullptr).status(), mistakes);
  for (const auto& [name, profile] : draft.set->masking_profiles) {
    Take(masking::CompileProfile(profile, draft.set->dictionaries, SecretString("check")).status(),
         mistakes);
  }
  Take(authn::Directory::Compile(draft.set).status(), mistakes);
  for (const config::ResourceDocument& document : draft.documents) {
    if (document.kind != "Credential" || draft.set->credentials.count(document.name) == 0) continue;
    const auto parsed = authn::ParseCredentialSpec(SecretString(document.secret_spec));
    if (parsed.ok()) continue;
    mistakes.push_back(absl::StrCat("Credential/", document.name, ": ", parsed.status().message()));
  }
  for (const auto& [name, connection] : draft.set->connections) {
    const auto url = http::ParseUrl(connection.url);
    if (url.ok()) continue;
    mistakes.push_back(absl::StrCat("Connection/", name, ": spec.url: ", url.status().message()));
  }
  return mistakes;
}

// The place of a mistake: which file, which line. What names none comes last.
std::pair<std::size_t, int> PlaceOf(const std::string& mistake,
                                    const std::vector<config::SourceText>& files) {
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

absl::StatusOr<std::size_t> CheckResources(const std::vector<config::SourceText>& files,
                                           const config::ExternalValues& values,
                                           config::References references) {
  const config::ResourceDraft draft = config::ReadDraft(files, values, references);
  Lines mistakes = draft.mistakes;
  const Lines judged = JudgeAll(draft);
  mistakes.insert(mistakes.end(), judged.begin(), judged.end());
  mistakes = config::WithSourceLines(mistakes, draft.documents);
  if (mistakes.empty()) return draft.documents.size();
  std::stable_sort(mistakes.begin(), mistakes.end(),
                   [&](const std::string& a, const std::string& b) {
                     return PlaceOf(a, files) < PlaceOf(b, files);
                   });
  return absl::InvalidArgumentError(absl::StrJoin(mistakes, "\n"));
}

}  // namespace countersign::cli::offline
