#include "services/cli/resources/resource_references.h"

#include "absl/strings/str_cat.h"
#include "libs/config/reference/resource_reference.h"

namespace countersign::cli::resources {
namespace {

struct ReferringField {
  absl::string_view kind;
  absl::string_view path;  // as the reference has it
  absl::string_view to;    // the kind that it names
};

constexpr ReferringField kFields[] = {
    {"Identity", "spec.match.provider", "IdentityProvider"},
    {"RoleBinding", "spec.identities", "Identity"},
    {"RoleBinding", "spec.connections", "Connection"},
    {"Connection", "spec.credential", "Credential"},
    {"MaskingProfile", "rule.dictionary", "Dictionary"},
    {"MaskingProfile", "rule.restore.identities", "Identity"},
    {"Policy", "spec.match.connections", "Connection"},
    {"Policy", "spec.match.identities", "Identity"},
    {"Policy", "spec.when.keywords.dictionary", "Dictionary"},
    {"Policy", "spec.then.review.reviewers", "Identity"},
    {"Policy", "spec.then.masking", "MaskingProfile"},
};

void Walk(const config::reference::Kind& kind, json::Value value, const std::string& path,
          std::vector<Reference>& out) {
  if (value.is(json::Type::kString)) {
    const config::reference::Field* const field = config::reference::FindField(kind, path);
    for (const ReferringField& one : kFields) {
      if (field == nullptr || one.kind != kind.name || one.path != field->path) continue;
      out.push_back({std::string(one.to), std::string(value.text()), path});
    }
    return;
  }
  const bool object = value.is(json::Type::kObject);
  for (std::size_t i = 0; i < value.size(); ++i) {
    Walk(kind, value.at(i),
         object ? absl::StrCat(path, ".", value.key(i)) : absl::StrCat(path, "[", i, "]"), out);
  }
}

}  // namespace

std::vector<Reference> FindReferences(absl::string_view kind, json::Value spec) {
  std::vector<Reference> found;
  const config::reference::Kind* const reference = config::reference::FindKind(kind);
  if (reference != nullptr) Walk(*reference, spec, "spec", found);
  return found;
}

}  // namespace countersign::cli::resources
