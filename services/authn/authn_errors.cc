#include "services/authn/authn_errors.h"

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "services/authn/saml/saml_names.h"

namespace countersign::authn {
namespace {

absl::Status Unauthenticated(absl::string_view reason, absl::string_view message) {
  return WithReason(absl::UnauthenticatedError(message), reason);
}

}  // namespace

absl::Status CredentialMissing() {
  return Unauthenticated("credential_missing",
                         "send an access key or a token in Authorization: Bearer or x-api-key");
}

absl::Status CredentialTooLarge() {
  return Unauthenticated("credential_malformed", "the credential is over 64 KiB");
}

absl::Status AssertionReplayed() {
  return Unauthenticated(saml::reason::kReplayed,
                         "the assertion was exchanged for a token: use that token, or sign in "
                         "again");
}

absl::Status AssertionOneTimeUse() {
  return Unauthenticated(saml::reason::kOneTimeUse,
                         "the assertion is for one use (OneTimeUse): exchange it for a token at "
                         "/oauth2/token");
}

absl::Status IssuerUnknown() {
  return Unauthenticated("issuer_unknown",
                         "the token's issuer is not one of the configured identity providers");
}

absl::Status KeyUnknown() { return Unauthenticated("key_unknown", "the access key is not known"); }

absl::Status KeyRevoked() { return Unauthenticated("key_revoked", "the access key was revoked"); }

absl::Status KeyExpired() { return Unauthenticated("key_expired", "the access key has expired"); }

absl::Status IdentityUnknown(absl::string_view identity) {
  return Unauthenticated("identity_unknown", absl::StrCat("the access key belongs to Identity \"",
                                                          identity, "\", which does not exist"));
}

absl::Status IdentityReplaced(absl::string_view identity) {
  return Unauthenticated(
      "identity_replaced",
      absl::StrCat("the access key belonged to an Identity \"", identity,
                   "\" that was deleted; the one of now needs a key of its own"));
}

absl::Status IdentityAmbiguous(absl::string_view one, absl::string_view two) {
  return Unauthenticated("identity_ambiguous",
                         absl::StrCat("the token matches Identity \"", one, "\" and \"", two,
                                      "\" equally well: make one of them more specific"));
}

absl::Status GroupsOverage() {
  return Unauthenticated("groups_overage",
                         "the issuer left the groups out of the token because there are too many: "
                         "let it send fewer, for example only those assigned to this application");
}

absl::Status GroupsMalformed(absl::string_view detail) {
  return Unauthenticated("groups_malformed", detail);
}

absl::Status IssuerUnavailable(absl::string_view detail) {
  return WithReason(absl::UnavailableError(detail), "issuer_unavailable");
}

absl::Status NotReady() {
  return WithReason(absl::UnavailableError("authn has received no resources yet: try again"),
                    "not_ready");
}

absl::Status ConnectionChanged(absl::string_view connection) {
  return WithReason(absl::FailedPreconditionError(
                        absl::StrCat("connection \"", connection, "\" has just changed")),
                    "connection_changed");
}

absl::Status Overloaded() {
  return WithReason(absl::ResourceExhaustedError("authn is overloaded: try again"), "overloaded");
}

}  // namespace countersign::authn
