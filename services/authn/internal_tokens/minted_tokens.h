#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "libs/base/secret.h"
#include "services/authn/internal_tokens/token_minter.h"

namespace countersign::authn::internal_tokens {

// Internal tokens by principal, so that a busy caller costs one signature in half a minute. A token
// is handed out again for 30 s: what a cache may then keep for a minute has not expired by its end.
// Bounded: least recently minted first out. Thread-safe.
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
  std::mutex mutex_;
  std::list<Entry> entries_;  // newest first
  absl::flat_hash_map<std::string, std::list<Entry>::iterator> by_digest_;
};

}  // namespace countersign::authn::internal_tokens
