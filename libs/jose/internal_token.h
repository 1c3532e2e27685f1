#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/base/mutex.h"
#include "libs/domain/principal.h"
#include "libs/jose/jwk.h"
#include "libs/jose/jwt.h"

// Internal tokens tell the services which principal a call is made for: JWTs with ES256, valid for
// two minutes, minted by services/authn and verified here by all services.
namespace countersign::jose {

inline constexpr absl::string_view kInternalTokenType = "cs-internal+jwt";
inline constexpr absl::string_view kInternalTokenIssuer = "countersign-authn";
inline constexpr absl::string_view kInternalTokenAudience = "countersign-internal";
inline constexpr absl::Duration kInternalTokenLifetime = absl::Seconds(120);

// When a token minted at `now` expires: after kInternalTokenLifetime, or with the credential if
// that is earlier, but at least 15 s after `now`. Whole seconds.
absl::Time InternalTokenExpiry(const domain::Principal& principal, absl::Time now);

// The claims of an internal token for `principal`, as a JSON object: iss, aud, iat, exp, sub and
// `principal`.
std::string InternalClaimsJson(const domain::Principal& principal, absl::Time now);

// The principal in a verified internal token. UNAUTHENTICATED when the claims are not those of
// InternalClaimsJson.
absl::StatusOr<domain::Principal> PrincipalFromClaims(const VerifiedToken& token);

// Provides the public keys of internal tokens: constant in authn, fetched over gRPC elsewhere.
// Thread-safe, never blocks.
class InternalKeySource {
 public:
  virtual ~InternalKeySource() = default;
  virtual std::shared_ptr<const JwkSet> Current() = 0;  // null: not known yet
  // Called when a token names a key that Current() lacks: fetch the keys again soon, if possible.
  virtual void RequestRefresh() {}
};

class FixedInternalKeys final : public InternalKeySource {
 public:
  explicit FixedInternalKeys(JwkSet keys)
      : keys_(std::make_shared<const JwkSet>(std::move(keys))) {}
  std::shared_ptr<const JwkSet> Current() override { return keys_; }

 private:
  std::shared_ptr<const JwkSet> keys_;
};

// Verifies internal tokens and caches verified ones by digest until they expire (at most
// `max_cached`, least recently used evicted first). Thread-safe.
class InternalTokenVerifier {
 public:
  InternalTokenVerifier(InternalKeySource& keys, const Clock& clock, std::size_t max_cached = 4096);

  // UNAUTHENTICATED with a reason; UNAVAILABLE while the keys are not known yet.
  absl::StatusOr<std::shared_ptr<const domain::Principal>> Verify(absl::string_view token);

 private:
  struct Entry {
    std::string digest;
    std::shared_ptr<const domain::Principal> principal;
    absl::Time expires_at;
  };
  std::shared_ptr<const domain::Principal> Cached(const std::string& digest, absl::Time now);
  void Remember(Entry entry);

  InternalKeySource& keys_;
  const Clock& clock_;
  const std::size_t max_cached_;
  Mutex mutex_;
  std::list<Entry> entries_ CS_GUARDED_BY(mutex_);  // most recently used first
  absl::flat_hash_map<std::string, std::list<Entry>::iterator> by_digest_ CS_GUARDED_BY(mutex_);
};

}  // namespace countersign::jose
