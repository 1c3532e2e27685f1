#include "libs/domain/principal.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace countersign::domain {

std::string Principal::DisplayName() const {
  return identity.empty() ? absl::StrCat(issuer, "#", subject) : identity;
}

bool SamePerson(const Principal& a, const Principal& b) {
  if (a.issuer == b.issuer && a.subject == b.subject) return true;
  return !a.identity.empty() && a.identity == b.identity;
}

bool HasRole(const Principal& principal, Role role, absl::string_view connection) {
  return std::any_of(principal.roles.begin(), principal.roles.end(), [&](const RoleGrant& grant) {
    if (grant.role != role || role == Role::kNone) return false;
    return connection.empty() || grant.connections.empty() ||
           std::find(grant.connections.begin(), grant.connections.end(), connection) !=
               grant.connections.end();
  });
}

absl::string_view ToString(IdentityKind kind) {
  switch (kind) {
    case IdentityKind::kHuman: return "human";
    case IdentityKind::kService: return "service";
    case IdentityKind::kCi: return "ci";
    case IdentityKind::kAgent: return "agent";
    case IdentityKind::kUnspecified: break;
  }
  return "";
}

absl::string_view ToString(Role role) {
  switch (role) {
    case Role::kAdmin: return "admin";
    case Role::kReviewer: return "reviewer";
    case Role::kAuditor: return "auditor";
    case Role::kCaller: return "caller";
    case Role::kProxy: return "proxy";
    case Role::kNone: break;
  }
  return "";
}

IdentityKind IdentityKindFromString(absl::string_view text) {
  for (const IdentityKind kind :
       {IdentityKind::kHuman, IdentityKind::kService, IdentityKind::kCi, IdentityKind::kAgent}) {
    if (ToString(kind) == text) return kind;
  }
  return IdentityKind::kUnspecified;
}

Role RoleFromString(absl::string_view text) {
  for (const Role role :
       {Role::kAdmin, Role::kReviewer, Role::kAuditor, Role::kCaller, Role::kProxy}) {
    if (ToString(role) == text) return role;
  }
  return Role::kNone;
}

}  // namespace countersign::domain
