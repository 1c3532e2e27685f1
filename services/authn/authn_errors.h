#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

// Why a credential does not stand, beside the reasons of libs/jose/jwt.h. Every status carries its
// reason; no message quotes a credential.
namespace countersign::authn {

absl::Status CredentialMissing();   // credential_missing
absl::Status CredentialTooLarge();  // credential_malformed
absl::Status SamlUnsupported();     // saml_unsupported
absl::Status IssuerUnknown();       // issuer_unknown
absl::Status KeyUnknown();          // key_unknown
absl::Status KeyRevoked();          // key_revoked
absl::Status KeyExpired();          // key_expired
// An access key of an Identity that is not there any more.
absl::Status IdentityUnknown(absl::string_view identity);                      // identity_unknown
absl::Status IdentityAmbiguous(absl::string_view one, absl::string_view two);  // identity_ambiguous
// The issuer left the groups out because there were too many: unknown is not "none".
absl::Status GroupsOverage();                            // groups_overage
absl::Status GroupsMalformed(absl::string_view detail);  // groups_malformed

// UNAVAILABLE, issuer_unavailable: its keys cannot be had.
absl::Status IssuerUnavailable(absl::string_view detail);
// UNAVAILABLE, not_ready: no resources were served yet.
absl::Status NotReady();
// FAILED_PRECONDITION, connection_changed: the call was routed by another version of it.
absl::Status ConnectionChanged(absl::string_view connection);
// RESOURCE_EXHAUSTED, overloaded.
absl::Status Overloaded();

}  // namespace countersign::authn
