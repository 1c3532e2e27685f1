#pragma once

#include <string>

#include "absl/time/time.h"
#include "libs/base/secret.h"
#include "libs/domain/call.h"

namespace countersign::edge::identity {

// What a caller says that a credential is.
enum class TokenType { kKeyOrToken, kToken, kAssertion };

// A request for a token in exchange for credentials (RFC 8693).
struct TokenRequest {
  SecretString subject;
  TokenType subject_type = TokenType::kKeyOrToken;
  SecretString actor;  // empty: nobody acts for the subject
  TokenType actor_type = TokenType::kKeyOrToken;
  absl::Time deadline;
};

struct IssuedToken {
  SecretString token;
  absl::Time expires_at;
};

// Issues tokens, in authn. Thread-safe.
class TokenBackend {
 public:
  virtual ~TokenBackend() = default;

  // Each calls `done` once, on any thread, at the latest shortly after the deadline.
  // UNAUTHENTICATED with a reason when a credential is refused, INVALID_ARGUMENT when the request
  // is.
  virtual void Issue(TokenRequest request, domain::Done<IssuedToken> done) = 0;
  // The public keys of the tokens, as a JWK set.
  virtual void GetKeys(absl::Time deadline, domain::Done<std::string> done) = 0;
};

}  // namespace countersign::edge::identity
