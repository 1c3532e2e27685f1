#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

// A verified caller. A Principal exists only for a credential that was verified, and contains only
// verified values.
namespace countersign::domain {

enum class IdentityKind { kUnspecified, kHuman, kService, kCi, kAgent };
enum class Role {
  kNone,
  kAdmin,
  kReviewer,
  kAuditor,
  kCaller,
  kProxy,  // asks for the decisions about its callers' calls (Envoy's ext_proc)
};

struct RoleGrant {
  Role role = Role::kNone;
  std::vector<std::string> connections;  // empty: all connections
};

struct Principal {
  std::string issuer;    // the configured issuer's URL; "countersign" for access keys
  std::string subject;   // unique within the issuer
  std::string identity;  // name of the Identity resource; empty when a verified token matched none
  // As the issuer writes it, for display beside the subject only; empty when it wrote none.
  std::string name;
  IdentityKind kind = IdentityKind::kUnspecified;
  std::vector<std::string> groups;
  std::vector<RoleGrant> roles;
  // Display name of the agent that acts for the subject; empty when the subject acts itself.
  std::string actor;
  std::string owner;  // identity that answers for this one (an agent's); its votes never count for
                      // this principal
  absl::Time expires_at = absl::InfiniteFuture();  // of the credential

  // The name shown to people: the identity, or else issuer and subject. Not a key: compare issuer
  // and subject.
  std::string DisplayName() const;
};

bool SamePerson(const Principal& a,
                const Principal& b);  // equal (issuer, subject), or equal non-empty identity

// Whether a grant gives `role` on `connection`; with an empty `connection`, on any connection.
bool HasRole(const Principal& principal, Role role, absl::string_view connection);

absl::string_view ToString(
    IdentityKind kind);                 // "human", "service", "ci", "agent"; "" for unspecified
absl::string_view ToString(Role role);  // "admin", …; "" for none
IdentityKind IdentityKindFromString(absl::string_view text);  // kUnspecified when unknown
Role RoleFromString(absl::string_view text);                  // kNone when unknown

}  // namespace countersign::domain
