#include "libs/config/resource_draft.h"

#include <utility>

#include "libs/config/resource_reading.h"
#include "libs/config/source_lines.h"

namespace countersign::config {
namespace {

void Leave(const ResourceDocument& faulty, domain::ResourceSet& set) {
  if (faulty.kind == "IdentityProvider") set.identity_providers.erase(faulty.name);
  if (faulty.kind == "Credential") set.credentials.erase(faulty.name);
  if (faulty.kind == "Connection") set.connections.erase(faulty.name);
  if (faulty.kind == "MaskingProfile") set.masking_profiles.erase(faulty.name);
  if (faulty.kind == "Policy") set.policies.erase(faulty.name);
}

void StandInDictionary(const std::string& name, domain::ResourceSet& set) {
  if (name.empty()) return;
  domain::Dictionary dictionary;
  dictionary.name = name;
  dictionary.terms = {"stand-in"};
  set.dictionaries.try_emplace(name, std::move(dictionary));
}

void StandInDictionaries(const domain::Condition& condition, domain::ResourceSet& set) {
  if (const auto* keywords = std::get_if<domain::KeywordsCondition>(&condition.leaf)) {
    StandInDictionary(keywords->dictionary, set);
  }
  for (const domain::Condition& child : condition.children) StandInDictionaries(child, set);
}

// What is referred to and missing was reported, or is the gateway's: compiling goes on without it.
void AddStandIns(domain::ResourceSet& set) {
  for (const auto& [name, policy] : set.policies) {
    if (policy.when.has_value()) StandInDictionaries(*policy.when, set);
  }
  for (const auto& [name, profile] : set.masking_profiles) {
    for (const auto* side : {&profile.response, &profile.prompt}) {
      for (const domain::MaskingRule& rule : *side) StandInDictionary(rule.dictionary, set);
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

ResourceDraft ReadDraft(const std::vector<SourceText>& files, const ExternalValues& values,
                        References references) {
  ResourceDraft draft;
  Mistakes mistakes;
  const std::vector<ReadResource> resources = ReadResources(files, values, mistakes);
  auto set = std::make_shared<domain::ResourceSet>();
  Mistakes known;  // found by ReadResources already
  std::vector<ResourceDocument> faulty;
  for (const ReadResource& resource : resources) {
    ResourceDocument typed = resource.document;
    if (typed.kind == "Credential") typed.document = SealedCredentialDocument(typed, "not sealed");
    const std::size_t before = known.lines().size();
    AddResource(typed, known, *set);
    const bool readable = known.lines().size() == before;
    if (!readable || (typed.kind == "Credential" && !resource.sound)) faulty.push_back(typed);
    draft.documents.push_back(resource.document);
  }
  if (references == References::kWithinFiles) CheckReferences(*set, mistakes);
  for (const ResourceDocument& document : faulty) Leave(document, *set);
  AddStandIns(*set);
  draft.set = std::move(set);
  draft.mistakes = WithSourceLines(mistakes.lines(), draft.documents);
  return draft;
}

}  // namespace countersign::config
