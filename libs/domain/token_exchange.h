#pragma once

#include "absl/time/time.h"
#include "libs/base/secret.h"

// Tokens in exchange for credentials (RFC 8693), between the edge and authn.
namespace countersign::domain {

// What the caller says that a credential is; it must be that.
enum class CredentialType { kKeyOrToken, kToken, kAssertion };

struct TokenRequest {
  SecretString subject;
  CredentialType subject_type = CredentialType::kKeyOrToken;
  SecretString actor;  // empty: nobody acts for the subject
  CredentialType actor_type = CredentialType::kKeyOrToken;
  absl::Time deadline;
};

struct IssuedToken {
  SecretString token;
  absl::Time expires_at;
};

}  // namespace countersign::domain
