#pragma once

#include "libs/base/clock.h"
#include "libs/jose/internal_token.h"
#include "libs/rpc/caller.h"
#include "services/authn/internal_tokens/token_minter.h"

namespace countersign::authn::internal_tokens {

// Verifies internal tokens in the process that mints them, with the minter's own public keys.
class LocalCallerVerifier final : public rpc::CallerVerifier {
 public:
  LocalCallerVerifier(const TokenMinter& minter, const Clock& clock)
      // Cannot fail: the set was made by the minter.
      : keys_(*jose::ParseJwkSet(minter.PublicKeys())), tokens_(keys_, clock) {}

  absl::StatusOr<std::shared_ptr<const domain::Principal>> Verify(
      absl::string_view token) override {
    return tokens_.Verify(token);
  }

 private:
  jose::FixedInternalKeys keys_;
  jose::InternalTokenVerifier tokens_;
};

}  // namespace countersign::authn::internal_tokens
