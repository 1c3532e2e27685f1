#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/base/mutex.h"
#include "libs/domain/call.h"
#include "libs/jose/jwk.h"
#include "services/authn/oidc/url_fetcher.h"

namespace countersign::authn::oidc {

struct JwksCacheOptions {
  absl::Duration ttl = absl::Minutes(10);  // unless the issuer sends max-age
  absl::Duration min_ttl = absl::Minutes(1);
  absl::Duration max_ttl = absl::Hours(24);
  double refresh_ahead =
      0.8;  // fraction of the ttl after which keys are refreshed in the background
  absl::Duration cooldown = absl::Seconds(10);    // between fetches caused by an unknown `kid`
  absl::Duration min_backoff = absl::Seconds(1);  // after a failed fetch; doubles
  absl::Duration max_backoff = absl::Seconds(30);
  absl::Duration stale_limit = absl::Hours(24);  // maximum age of keys in use while fetches fail
  std::size_t max_waiting = 1024;
};

// The verification keys of one issuer. Thread-safe. Fetches are single-flight and start only with a
// Get: in the background when the keys are near the end of their ttl; with the caller waiting when
// there are no usable keys or its `kid` is missing. Unknown `kid`s, however many, cause one fetch
// per cooldown. A fetch that fails or returns no usable key changes nothing. A key that is missing
// from one fetch is kept; missing from two in a row, it is dropped.
class JwksCache : public std::enable_shared_from_this<JwksCache> {
 public:
  using Keys = std::shared_ptr<const jose::JwkSet>;

  // Empty `jwks_uri`: it is read from the issuer's discovery document. `fetcher` and `clock` must
  // outlive the cache and its outstanding fetches.
  static std::shared_ptr<JwksCache> Make(std::string issuer, std::string jwks_uri,
                                         UrlFetcher& fetcher, const Clock& clock,
                                         JwksCacheOptions options = {});

  // Calls `done` with the known keys, after a fetch if `kid` is not among them and a fetch is
  // allowed now; the result may lack `kid`. UNAVAILABLE when there are no keys.
  void Get(absl::string_view kid, domain::Done<Keys> done);

  // Time since the last successful fetch; infinite before the first.
  absl::Duration Age() const;

  // Why the last fetch failed; OK when it did not. Before the first: that there was none.
  absl::Status last_failure() const;

  const std::string& issuer() const { return issuer_; }
  const std::string& configured_jwks_uri() const { return configured_jwks_uri_; }

 private:
  struct Known {
    jose::Jwk jwk;
    int absences = 0;
  };
  enum class Step { kServe, kWait, kFail };

  JwksCache(std::string issuer, std::string jwks_uri, UrlFetcher& fetcher, const Clock& clock,
            JwksCacheOptions options);
  // Sets `start` when the caller is to fetch.
  Step Decide(absl::string_view kid, absl::Time now, bool* start) CS_REQUIRES(mutex_);
  void StartFetch();
  void FetchKeys(std::string jwks_uri);
  void Finish(absl::StatusOr<jose::JwkSet> fetched, absl::string_view cache_control);
  void Merge(const jose::JwkSet& fetched) CS_REQUIRES(mutex_);

  const std::string issuer_;
  const std::string configured_jwks_uri_;
  UrlFetcher& fetcher_;
  const Clock& clock_;
  const JwksCacheOptions options_;

  mutable Mutex mutex_;
  std::vector<Known> known_ CS_GUARDED_BY(mutex_);
  Keys keys_ CS_GUARDED_BY(mutex_);  // null before the first successful fetch
  absl::Time fetched_at_ CS_GUARDED_BY(mutex_) = absl::InfinitePast();
  absl::Time attempted_at_ CS_GUARDED_BY(mutex_) = absl::InfinitePast();
  // Earliest time of the next attempt after a failure.
  absl::Time not_before_ CS_GUARDED_BY(mutex_) = absl::InfinitePast();
  absl::Duration ttl_ CS_GUARDED_BY(mutex_);
  absl::Duration backoff_ CS_GUARDED_BY(mutex_);
  absl::Status last_failure_ CS_GUARDED_BY(mutex_);
  bool last_fetch_failed_ CS_GUARDED_BY(mutex_) = true;
  std::string discovered_jwks_uri_ CS_GUARDED_BY(mutex_);
  bool fetching_ CS_GUARDED_BY(mutex_) = false;
  std::vector<domain::Done<Keys>> waiting_ CS_GUARDED_BY(mutex_);
};

// The max-age of a Cache-Control header, if present and valid.
std::optional<absl::Duration> MaxAge(absl::string_view cache_control);

}  // namespace countersign::authn::oidc
