#include "libs/config/resource_draft.h"

#include <utility>

#include "libs/config/resource_reading.h"
#include "libs/config/source_lines.h"

namespace countersign::config {
namespace {

void Remove(const domain::Resource& faulty, domain::ResourceSet& set) {
  if (faulty.kind == "IdentityProvider") set.identity_providers.erase(faulty.name);
  if (faulty.kind == "Credential") set.credentials.erase(faulty.name);
  if (faulty.kind == "Connection") set.connections.erase(faulty.name);
  if (faulty.kind == "MaskingProfile") set.masking_profiles.erase(faulty.name);
  if (faulty.kind == "Policy") set.policies.erase(faulty.name);
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

ResourceDraft ReadDraft(const std::vector<SourceFile>& files, const ExternalValues& values,
                        References references) {
  ResourceDraft draft;
  Mistakes mistakes;
  std::vector<CheckedResource> resources = ReadAndCheck(files, values, mistakes);
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
  if (references == References::kWithinFiles) CheckReferences(*set, mistakes);
  for (const domain::Resource& resource : faulty) Remove(resource, *set);
  AddPlaceholders(*set);
  draft.set = std::move(set);
  draft.mistakes = WithSourceLines(mistakes.lines(), draft.resources);
  return draft;
}

}  // namespace countersign::config
