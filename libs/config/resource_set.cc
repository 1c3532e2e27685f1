#include <yaml-cpp/yaml.h>

#include <map>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/base/status.h"
#include "libs/config/fields.h"
#include "libs/config/kinds.h"
#include "libs/config/resource_reader.h"
#include "libs/config/resource_reading.h"

namespace countersign::config {
namespace {

using domain::ResourceSet;

// Reports dangling references.
class ReferenceCheck {
 public:
  ReferenceCheck(const ResourceSet& set, Mistakes& mistakes) : set_(set), mistakes_(mistakes) {}

  void Run() {
    for (const auto& [name, identity] : set_.identities) {
      Begin("Identity", name);
      if (identity.match.has_value()) {
        Need(set_.identity_providers, "IdentityProvider", identity.match->provider,
             "spec.match.provider");
      }
      if (!identity.owner.empty()) Need(set_.identities, "Identity", identity.owner, "spec.owner");
    }
    for (const auto& [name, binding] : set_.role_bindings) {
      Begin("RoleBinding", name);
      NeedAll(set_.identities, "Identity", binding.identities, "spec.identities");
      NeedAll(set_.connections, "Connection", binding.connections, "spec.connections");
    }
    CheckMatches();
    const std::string* first_default = nullptr;
    for (const auto& [name, connection] : set_.connections) {
      Begin("Connection", name);
      if (!connection.credential.empty()) {
        Need(set_.credentials, "Credential", connection.credential, "spec.credential");
      }
      if (connection.is_default && first_default != nullptr) {
        Say(absl::StrCat("spec.default: Connection/", *first_default, " is the default already"));
      }
      if (connection.is_default && first_default == nullptr) first_default = &name;
    }
    for (const auto& [name, profile] : set_.masking_profiles) {
      Begin("MaskingProfile", name);
      CheckRules(profile.response, "spec.response");
      CheckRules(profile.prompt, "spec.prompt");
    }
    for (const auto& [name, policy] : set_.policies) CheckPolicy(name, policy);
  }

 private:
  void Begin(absl::string_view kind, const std::string& name) {
    resource_ = absl::StrCat(kind, "/", name);
  }
  void Say(absl::string_view what) { mistakes_.AddLine(absl::StrCat(resource_, ": ", what)); }

  template <typename T>
  void Need(const std::map<std::string, T>& present, absl::string_view kind,
            const std::string& name, absl::string_view path) {
    if (name.empty()) return;  // reported where it was read
    if (present.count(name) == 0) {
      Say(absl::StrCat(path, ": there is no ", kind, " \"", name, "\""));
    }
  }
  template <typename T>
  void NeedAll(const std::map<std::string, T>& present, absl::string_view kind,
               const std::vector<std::string>& names, absl::string_view path) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      Need(present, kind, names[i], absl::StrCat(path, "[", i, "]"));
    }
  }

  // Reports connections that claim the same requests, because routing would then depend on their
  // order.
  void CheckMatches() {
    std::map<std::pair<std::string, std::string>, std::string> claimed;  // host, prefix → name
    for (const auto& [name, connection] : set_.connections) {
      Begin("Connection", name);
      absl::string_view prefix = connection.path_prefix;
      while (absl::ConsumeSuffix(&prefix, "/")) {
      }
      std::set<std::string> hosts;
      for (const std::string& host : connection.hosts) hosts.insert(absl::AsciiStrToLower(host));
      if (hosts.empty() && !connection.path_prefix.empty()) hosts.insert("");
      for (const std::string& host : hosts) {
        const auto [first, added] = claimed.emplace(std::pair(host, std::string(prefix)), name);
        if (added) continue;
        Say(absl::StrCat("spec.match", host.empty() ? "" : ".hosts", ": Connection/", first->second,
                         " has ", host.empty() ? "the prefix \"" : "the host \"",
                         host.empty() ? std::string(prefix) : host, "\" already",
                         host.empty() || prefix.empty() ? "" : " with this pathPrefix"));
      }
    }
  }

  void CheckRules(const std::vector<domain::MaskingRule>& rules, absl::string_view path) {
    for (std::size_t i = 0; i < rules.size(); ++i) {
      if (rules[i].dictionary.empty()) continue;
      Need(set_.dictionaries, "Dictionary", rules[i].dictionary,
           absl::StrCat(path, "[", i, "].dictionary"));
    }
  }

  void CheckCondition(const domain::Condition& condition) {
    if (const auto* keywords = std::get_if<domain::KeywordsCondition>(&condition.leaf)) {
      Need(set_.dictionaries, "Dictionary", keywords->dictionary,
           absl::StrCat(condition.path, ".dictionary"));
    }
    for (const domain::Condition& child : condition.children) CheckCondition(child);
  }

  void CheckPolicy(const std::string& name, const domain::Policy& policy) {
    Begin("Policy", name);
    NeedAll(set_.connections, "Connection", policy.match.connections, "spec.match.connections");
    NeedAll(set_.identities, "Identity", policy.match.identities, "spec.match.identities");
    if (policy.when.has_value()) CheckCondition(*policy.when);
    if (policy.masking != "tier1" && policy.masking != "none") {
      Need(set_.masking_profiles, "MaskingProfile", policy.masking, "spec.then.masking");
    }
  }

  const ResourceSet& set_;
  Mistakes& mistakes_;
  std::string resource_;
};

void AddSpec(const domain::Resource& resource, const YAML::Node& node, Mistakes& mistakes,
             ResourceSet& set) {
  const std::string& name = resource.name;
  mistakes.SetPlace("stored", absl::StrCat(resource.kind, "/", name));
  Fields spec(node, "spec", mistakes);
  if (resource.kind == "IdentityProvider") {
    set.identity_providers.emplace(name, ReadIdentityProvider(name, spec));
  } else if (resource.kind == "Identity") {
    domain::Identity identity = ReadIdentity(name, spec);
    identity.created_version = resource.created_version;
    set.identities.emplace(name, std::move(identity));
  } else if (resource.kind == "RoleBinding") {
    set.role_bindings.emplace(name, ReadRoleBinding(name, spec));
  } else if (resource.kind == "Credential") {
    set.credentials.emplace(name, ReadSealedCredential(name, spec));
  } else if (resource.kind == "Connection") {
    domain::Connection connection = ReadConnection(name, spec);
    connection.version = resource.version;
    set.connections.emplace(name, std::move(connection));
  } else if (resource.kind == "Dictionary") {
    set.dictionaries.emplace(name, ReadDictionary(name, spec));
  } else if (resource.kind == "MaskingProfile") {
    set.masking_profiles.emplace(name, ReadMaskingProfile(name, spec));
  } else if (resource.kind == "Policy") {
    set.policies.emplace(name, ReadPolicy(name, spec));
  } else {
    mistakes.AddLine(
        absl::StrCat(resource.kind, "/", name, ": this version does not know the kind"));
  }
}

}  // namespace

void AddResource(const domain::Resource& resource, Mistakes& mistakes, ResourceSet& set) {
  try {
    AddSpec(resource, YAML::Load(resource.spec), mistakes, set);
  } catch (const YAML::Exception& error) {
    mistakes.AddLine(
        absl::StrCat(resource.kind, "/", resource.name, ": stored text is damaged: ", error.msg));
  }
}

void CheckReferences(const ResourceSet& set, Mistakes& mistakes) {
  ReferenceCheck(set, mistakes).Run();
}

absl::StatusOr<std::shared_ptr<const ResourceSet>> BuildResourceSet(
    const domain::ResourceList& list) {
  auto set = std::make_shared<ResourceSet>();
  set->version = list.version;
  Mistakes mistakes;
  for (const domain::Resource& resource : list.resources) AddResource(resource, mistakes, *set);
  CheckReferences(*set, mistakes);
  CS_RETURN_IF_ERROR(mistakes.ToStatus());
  return set;
}

}  // namespace countersign::config
