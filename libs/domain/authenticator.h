#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "libs/domain/call.h"

namespace countersign::domain {

// A verified caller.
struct Authenticated {
  std::shared_ptr<const Principal> principal;
  std::shared_ptr<const SecretString> internal_token;
  absl::Time cache_until =
      absl::InfinitePast();  // at most 60 s ahead and never past the credential's expiry
};

struct CredentialHeader {
  std::string name;
  SecretString value;
};

// An upstream credential, leased to the edge for one call. Destroyed with the call, never stored.
struct CredentialLease {
  std::vector<CredentialHeader> headers;
  SecretString client_certificate_pem;  // both empty unless the connection uses mutual TLS
  SecretString client_key_pem;
  absl::Time expires_at = absl::InfinitePast();
};

// Verifies callers (step 2 of the pipeline) and leases upstream credentials (step 9). Thread-safe.
class Authenticator {
 public:
  virtual ~Authenticator() = default;

  // UNAUTHENTICATED when the credential is not accepted, with a reason (credential_missing,
  // credential_malformed, credential_expired, issuer_unknown, key_unknown, key_revoked,
  // signature_invalid, audience_mismatch, …).
  virtual void Authenticate(const SecretString& credential, absl::Time deadline,
                            Done<Authenticated> done) = 0;

  // Checks again a credential that was accepted at `accepted`, for a call that has run since then:
  // like Authenticate, but a credential that has only expired since then is still valid.
  virtual void AuthenticateAgain(const SecretString& credential, absl::Time accepted,
                                 absl::Time deadline, Done<Authenticated> done) = 0;

  // An empty lease for a connection without a credential; NOT_FOUND for an unknown connection.
  // `connection_version` is the version by which the call was routed: FAILED_PRECONDITION
  // `connection_changed` when another one is served, so that a new credential is never sent to an
  // old address.
  virtual void LeaseCredential(const Call& call, const std::string& connection,
                               std::uint64_t connection_version, absl::Time deadline,
                               Done<CredentialLease> done) = 0;
};

}  // namespace countersign::domain
