#include "libs/config/resource_draft.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "libs/config/resource_reading.h"
#include "libs/config/source_lines.h"

namespace countersign::config {
namespace {

void Remove(const domain::Resource& faulty, domain::ResourceSet& set) {
  if (faulty.kind == "IdentityProvider") set.identity_providers.erase(faulty.name);
  if (faulty.kind == "Credential") set.credentials.erase(faulty.name);
}

// "Policy/p: spec.when" of a mistake, with or without file and line before it.
std::string FindPlace(const std::string& mistake) {
  std::vector<std::string> place;
  for (const absl::string_view word : absl::StrSplit(mistake, ": ")) {
    const absl::string_view kind = word.substr(0, word.find('/'));
    const bool begins =
        place.empty() && std::find(Kinds().begin(), Kinds().end(), kind) != Kinds().end();
    if (begins || place.size() == 1) place.emplace_back(word);
    if (place.size() == 2) break;
  }
  return absl::StrJoin(place, ": ");
}

// Whether `place` is `outer` or a field within it.
bool IsWithin(absl::string_view place, absl::string_view outer) {
  if (outer.empty() || !absl::ConsumePrefix(&place, outer)) return false;
  return place.empty() || place.front() == '.' || place.front() == '[';
}

void AddPlaceholderDictionary(const std::string& name, domain::ResourceSet& set) {
  if (name.empty()) return;
  domain::Dictionary dictionary;
  dictionary.name = name;
  dictionary.terms = {"placeholder"};
  set.dictionaries.try_emplace(name, std::move(dictionary));
}

void StandInDictionaries(const domain::Condition& condition, domain::ResourceSet& set) {
  if (const auto* keywords = std::get_if<domain::KeywordsCondition>(&condition.leaf)) {
    AddPlaceholderDictionary(keywords->dictionary, set);
  }
  for (const domain::Condition& child : condition.children) StandInDictionaries(child, set);
}

// Adds placeholders for missing references, which were reported or exist in the gateway, so that
// compiling can continue.
void AddPlaceholders(domain::ResourceSet& set) {
  for (const auto& [name, policy] : set.policies) {
    if (policy.when.has_value()) StandInDictionaries(*policy.when, set);
  }
  for (const auto& [name, profile] : set.masking_profiles) {
    for (const auto* side : {&profile.response, &profile.prompt}) {
      for (const domain::MaskingRule& rule : *side) AddPlaceholderDictionary(rule.dictionary, set);
    }
  }
  for (const auto& [name, identity] : set.identities) {
    if (!identity.match.has_value()) continue;
    domain::IdentityProvider provider;
    provider.name = identity.match->provider;
    set.identity_providers.try_emplace(provider.name, provider);
  }
}

}  // namespace

void AddNewMistakes(const std::vector<std::string>& found, ResourceDraft& draft) {
  std::vector<std::string> known;
  for (const std::string& mistake : draft.mistakes) known.push_back(FindPlace(mistake));
  std::vector<std::string> mistakes = draft.mistakes;
  for (const std::string& mistake : found) {
    const std::string place = FindPlace(mistake);
    const bool follows = std::any_of(known.begin(), known.end(), [&](const std::string& other) {
      const bool is_of_the_whole = absl::EndsWith(other, ": spec");
      return IsWithin(other, place) || (!is_of_the_whole && IsWithin(place, other));
    });
    if (!follows) mistakes.push_back(mistake);
  }
  draft.mistakes = WithSourceLines(mistakes, draft.resources);
}

ResourceDraft ReadDraft(const std::vector<SourceFile>& files, const ExternalValues& values,
                        const DraftOptions& options) {
  ResourceDraft draft;
  Mistakes mistakes;
  std::vector<CheckedResource> resources = ReadAndCheck(files, values, options.secrets, mistakes);
  auto set = std::make_shared<domain::ResourceSet>();
  Mistakes again;  // discarded: the spec is read a second time, with the same mistakes
  std::vector<domain::Resource> faulty;
  for (CheckedResource& checked : resources) {
    domain::Resource typed = checked.source.resource;
    const bool credential = typed.kind == "Credential";
    if (credential) typed.spec = SealedSpec("not sealed");
    const std::size_t before = again.lines().size();
    AddResource(typed, again, *set);
    const bool readable = again.lines().size() == before;
    if (!readable || (credential && !checked.valid)) faulty.push_back(std::move(typed));
    draft.resources.push_back(std::move(checked.source));
  }
  if (options.references == References::kWithinFiles) CheckReferences(*set, mistakes);
  for (const domain::Resource& resource : faulty) Remove(resource, *set);
  AddPlaceholders(*set);
  draft.set = std::move(set);
  draft.mistakes = WithSourceLines(mistakes.lines(), draft.resources);
  return draft;
}

}  // namespace countersign::config
