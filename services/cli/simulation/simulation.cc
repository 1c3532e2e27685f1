#include "services/cli/simulation/simulation.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/status.h"
#include "libs/config/resource_draft.h"
#include "services/cli/offline/resource_check.h"

namespace countersign::cli::simulation {
namespace {

using Name = std::pair<std::string, std::string>;  // kind and name
using offline::OfflinePolicy;

std::map<Name, std::string> ReadSpecs(const std::vector<config::SourceFile>& files,
                                      const config::ExternalValues& values) {
  const config::ResourceDraft read =
      config::ReadDraft(files, values,
                        {.references = config::References::kMayLeadOutside,
                         .secrets = config::Secrets::kMayBeMissing});
  std::map<Name, std::string> specs;
  for (const config::SourcedResource& source : read.resources) {
    specs[{source.resource.kind, source.resource.name}] = source.resource.spec;
  }
  return specs;
}

bool NamesAny(const std::vector<domain::MaskingRule>& rules, const std::set<std::string>& names) {
  return std::any_of(rules.begin(), rules.end(), [&](const domain::MaskingRule& rule) {
    return names.count(rule.dictionary) != 0;
  });
}

// The profiles of `drafted` that mask otherwise than those of the same name that are live.
std::set<std::string> FindChangedProfiles(const domain::ResourceSet& drafted,
                                          const std::map<Name, std::string>& live,
                                          const std::map<Name, std::string>& draft) {
  std::set<std::string> dictionaries;
  std::set<std::string> profiles;
  for (const auto& [name, spec] : draft) {
    const auto before = live.find(name);
    if (before != live.end() && before->second == spec) continue;
    if (name.first == "Dictionary") dictionaries.insert(name.second);
    if (name.first == "MaskingProfile") profiles.insert(name.second);
  }
  for (const auto& [name, profile] : drafted.masking_profiles) {
    if (NamesAny(profile.prompt, dictionaries) || NamesAny(profile.response, dictionaries)) {
      profiles.insert(name);
    }
  }
  return profiles;
}

std::string DescribeTerms(const domain::ReviewTerms& terms) {
  return absl::StrCat(terms.approvals, " of ", absl::StrJoin(terms.reviewers, ","), " within ",
                      absl::FormatDuration(terms.pending_ttl), ", hold ",
                      absl::FormatDuration(terms.hold), ", grant ",
                      absl::FormatDuration(terms.grant_ttl), " x", terms.grant_uses);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Simulation>> Simulation::Load(
    const std::vector<config::SourceFile>& live, const std::vector<config::SourceFile>& draft,
    const config::ExternalValues& values) {
  CS_RETURN_IF_ERROR(offline::CheckResources(draft, values,
                                             {.references = config::References::kMayLeadOutside,
                                              .secrets = config::Secrets::kMayBeMissing})
                         .status());
  const std::map<Name, std::string> drafted = ReadSpecs(draft, values);
  std::map<Name, std::string> stored;
  std::vector<config::SourceFile> merged = draft;
  for (const config::SourceFile& file : live) {
    bool replaced = false;
    for (auto& [name, spec] : ReadSpecs({file}, {})) {
      replaced = replaced || drafted.count(name) != 0;
      stored[name] = std::move(spec);
    }
    if (!replaced) merged.push_back(file);
  }
  const OfflinePolicy::Source source{.is_gateway = true};
  std::unique_ptr<Simulation> made(new Simulation());
  CS_ASSIGN_OR_RETURN(made->live_, OfflinePolicy::Load(live, {}, source));
  CS_ASSIGN_OR_RETURN(made->drafted_, OfflinePolicy::Load(merged, values, source));
  made->changed_profiles_ = FindChangedProfiles(made->drafted_->resources(), stored, drafted);
  return made;
}

absl::StatusOr<Comparison> Simulation::Compare(const RecordedCall& call) const {
  const auto& connections = live_->resources().connections;
  const auto connection = connections.find(call.connection);
  if (connection == connections.end()) {
    return absl::NotFoundError(absl::StrCat("its connection is gone: ", call.connection));
  }
  CS_ASSIGN_OR_RETURN(const domain::Prompt prompt, ReadPromptAgain(call, connection->second));
  Comparison compared;
  CS_ASSIGN_OR_RETURN(compared.was, live_->Decide(call.principal, call.connection, prompt));
  CS_ASSIGN_OR_RETURN(compared.would_be, drafted_->Decide(call.principal, call.connection, prompt));
  compared.change = FindChange(compared.was, compared.would_be);
  return compared;
}

std::string Simulation::FindChange(const OfflinePolicy::Decided& was,
                                   const OfflinePolicy::Decided& would_be) const {
  const domain::Decision& before = was.decision;
  const domain::Decision& after = would_be.decision;
  const absl::string_view verdict = domain::ToString(before.verdict);
  if (before.verdict != after.verdict) {
    return absl::StrCat(verdict, " -> ", domain::ToString(after.verdict));
  }
  if (before.verdict == domain::Verdict::kDeny) return "";
  if (before.verdict == domain::Verdict::kReview &&
      DescribeTerms(before.review) != DescribeTerms(after.review)) {
    return "review: other terms";
  }
  if (before.masking_profile != after.masking_profile) {
    return absl::StrCat(verdict, ": masking ", before.masking_profile, " -> ",
                        after.masking_profile);
  }
  if (changed_profiles_.count(after.masking_profile) != 0) {
    return absl::StrCat(verdict, ": masking ", after.masking_profile, " has other rules");
  }
  if (before.recording != after.recording) {
    return absl::StrCat(verdict, ": recording ", domain::ToString(before.recording), " -> ",
                        domain::ToString(after.recording));
  }
  return "";
}

}  // namespace countersign::cli::simulation
