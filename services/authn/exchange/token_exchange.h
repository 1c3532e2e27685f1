#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/base/mutex.h"
#include "libs/base/random.h"
#include "libs/base/secret.h"
#include "libs/base/thread_pool.h"
#include "libs/domain/token_exchange.h"
#include "services/authn/assertions/used_assertions.h"
#include "services/authn/credential_verifier.h"
#include "services/authn/exchange/caller_token.h"

namespace countersign::authn::exchange {

inline constexpr std::size_t kMaxExchangedBytes = 384u << 10;  // an assertion of 256 KiB in base64

// Exchanges credentials for caller tokens (RFC 8693). Thread-safe; does not block the caller.
class TokenExchange {
 public:
  struct Dependencies {
    CredentialVerifier& verifier;
    assertions::UsedAssertions& used_assertions;
    ThreadPool& pool;
    const CallerTokens& tokens;
    const Clock& clock;
    RandomSource& random;
  };
  // The arguments must outlive it, and the verifier's outstanding calls too.
  explicit TokenExchange(Dependencies parts) : parts_(parts) {}
  ~TokenExchange();

  // The token lives as long as the credentials, at most kMaxCallerTokenLifetime. An assertion is
  // exchanged once: then it is marked as used, and is not accepted any more, here or as a call's
  // credential. With an actor the token delegates: it is of the subject's agent (party.h).
  //
  // UNAUTHENTICATED with the reason of a refused credential (that of an actor says so);
  // `assertion_replayed`; INVALID_ARGUMENT `token_type_mismatch`, `token_too_large`,
  // `too_many_actors`, `actor_not_allowed` when the subject's `may_act` names another.
  void Exchange(domain::TokenRequest request, domain::Done<domain::IssuedToken> done);

 private:
  struct Attempt;
  void VerifyActor(std::shared_ptr<Attempt> attempt);
  void Finish(std::shared_ptr<Attempt> attempt);
  absl::StatusOr<domain::IssuedToken> Mint(Attempt& attempt);
  absl::Status Spend(const VerifiedCredential& credential, absl::Time now);

  Dependencies parts_;
  Mutex mutex_;
  CondVar idle_;
  std::size_t outstanding_ CS_GUARDED_BY(mutex_) = 0;
};

}  // namespace countersign::authn::exchange
