#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "libs/base/mutex.h"
#include "libs/base/secret.h"
#include "services/authn/internal_tokens/token_minter.h"

namespace countersign::authn::internal_tokens {

// Caches internal tokens by principal, so that a busy caller costs one signature per 30 s. A token
// is reused for 30 s: a receiver that caches it for another minute still holds an unexpired one.
// Bounded; the least recently minted entry is evicted. Thread-safe.
class MintedTokens {
 public:
  struct Minted {
    std::shared_ptr<const SecretString> token;
    absl::Time expires_at;
  };

  explicit MintedTokens(TokenMinter& minter, std::size_t capacity = 10'000)
      : minter_(minter), capacity_(capacity) {}

  absl::StatusOr<Minted> GetOrMint(const domain::Principal& principal, absl::Time now);

 private:
  struct Entry {
    std::string digest;
    Minted minted;
    absl::Time minted_at;
  };

  TokenMinter& minter_;
  const std::size_t capacity_;
  Mutex mutex_;
  std::list<Entry> entries_ CS_GUARDED_BY(mutex_);  // newest first
  absl::flat_hash_map<std::string, std::list<Entry>::iterator> by_digest_ CS_GUARDED_BY(mutex_);
};

}  // namespace countersign::authn::internal_tokens
