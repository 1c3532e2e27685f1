#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

// Refusals of credentials, beside those of libs/jose/jwt.h. Every status has a reason code; no
// message quotes a credential.
namespace countersign::authn {

absl::Status CredentialMissing();   // credential_missing
absl::Status CredentialTooLarge();  // credential_malformed
absl::Status IssuerUnknown();       // issuer_unknown
absl::Status KeyUnknown();          // key_unknown
absl::Status KeyRevoked();          // key_revoked
absl::Status KeyExpired();          // key_expired
// The access key's Identity no longer exists.
absl::Status IdentityUnknown(absl::string_view identity);  // identity_unknown
// The access key's Identity was deleted; another one has its name.
absl::Status IdentityReplaced(absl::string_view identity);                     // identity_replaced
absl::Status IdentityAmbiguous(absl::string_view one, absl::string_view two);  // identity_ambiguous
// The issuer omitted the groups because there are too many. Unknown groups are not "no groups".
absl::Status GroupsOverage();                            // groups_overage
absl::Status GroupsMalformed(absl::string_view detail);  // groups_malformed

// UNAVAILABLE, issuer_unavailable: the issuer's keys cannot be fetched.
absl::Status IssuerUnavailable(absl::string_view detail);
// UNAVAILABLE, not_ready: no resources have been served yet.
absl::Status NotReady();
// The assertion was exchanged for a token, which takes its place.
absl::Status AssertionReplayed();  // assertion_replayed
// The assertion says OneTimeUse, and a credential of calls is used for each of them.
absl::Status AssertionOneTimeUse();  // saml_one_time_use
// FAILED_PRECONDITION, connection_changed: the call was routed by another version of the
// connection.
absl::Status ConnectionChanged(absl::string_view connection);
// RESOURCE_EXHAUSTED, overloaded.
absl::Status Overloaded();

}  // namespace countersign::authn
