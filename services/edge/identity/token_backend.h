#pragma once

#include <string>

#include "absl/time/time.h"
#include "libs/domain/call.h"
#include "libs/domain/token_exchange.h"

namespace countersign::edge::identity {

// Issues tokens, in authn. Thread-safe.
class TokenBackend {
 public:
  virtual ~TokenBackend() = default;

  // Each calls `done` once, on any thread, at the latest shortly after the deadline.
  // UNAUTHENTICATED with a reason when a credential is refused, INVALID_ARGUMENT when the request
  // is.
  virtual void Issue(domain::TokenRequest request, domain::Done<domain::IssuedToken> done) = 0;
  // The public keys of the tokens, as a JWK set.
  virtual void GetKeys(absl::Time deadline, domain::Done<std::string> done) = 0;
};

}  // namespace countersign::edge::identity
