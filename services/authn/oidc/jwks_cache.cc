#include "services/authn/oidc/jwks_cache.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "libs/base/status.h"
#include "services/authn/authn_errors.h"
#include "services/authn/oidc/issuer_url.h"

namespace countersign::authn::oidc {
namespace {

constexpr int kAbsencesToDrop = 2;

absl::Status BadStatus(absl::string_view what, int status) {
  return absl::UnavailableError(absl::StrCat("the issuer's ", what, " answers HTTP ", status));
}

}  // namespace

std::optional<absl::Duration> MaxAge(absl::string_view cache_control) {
  for (absl::string_view part : absl::StrSplit(cache_control, ',')) {
    const std::string directive = absl::AsciiStrToLower(absl::StripAsciiWhitespace(part));
    absl::string_view value = directive;
    std::int64_t seconds = 0;
    if (absl::ConsumePrefix(&value, "max-age=") && absl::SimpleAtoi(value, &seconds) &&
        seconds >= 0) {
      return absl::Seconds(seconds);
    }
  }
  return std::nullopt;
}

std::shared_ptr<JwksCache> JwksCache::Make(std::string issuer, std::string jwks_uri,
                                           UrlFetcher& fetcher, const Clock& clock,
                                           JwksCacheOptions options) {
  return std::shared_ptr<JwksCache>(
      new JwksCache(std::move(issuer), std::move(jwks_uri), fetcher, clock, options));
}

JwksCache::JwksCache(std::string issuer, std::string jwks_uri, UrlFetcher& fetcher,
                     const Clock& clock, JwksCacheOptions options)
    : issuer_(std::move(issuer)),
      configured_jwks_uri_(std::move(jwks_uri)),
      fetcher_(fetcher),
      clock_(clock),
      options_(options),
      ttl_(options.ttl),
      backoff_(options.min_backoff),
      last_failure_(absl::UnavailableError("the issuer's keys have not been fetched yet")) {}

void JwksCache::Get(absl::string_view kid, domain::Done<Keys> done) {
  bool start = false;
  Keys keys;
  absl::Status failure;
  {
    const MutexLock lock(mutex_);
    switch (Decide(kid, clock_.Now(), &start)) {
      case Step::kServe: keys = keys_; break;
      case Step::kFail: failure = last_failure_; break;
      case Step::kWait:
        if (waiting_.size() < options_.max_waiting) {
          waiting_.push_back(std::move(done));
        } else {
          failure = absl::UnavailableError("too many calls wait for the issuer's keys");
        }
    }
  }
  if (start) StartFetch();
  if (keys != nullptr) return done(std::move(keys));
  if (!failure.ok()) done(IssuerUnavailable(failure.message()));
}

// REQUIRES: mutex_ is held. Sets `start` when the caller must start a fetch.
JwksCache::Step JwksCache::Decide(absl::string_view kid, absl::Time now, bool* start) {
  const absl::Duration age = now - fetched_at_;
  const bool usable = keys_ != nullptr && age < options_.stale_limit;
  const bool fresh = usable && age < ttl_;
  const bool known = usable && (kid.empty() || keys_->HasKey(kid));
  const bool may_fetch = !fetching_ && now >= not_before_;

  if (fresh && known) {
    *start = may_fetch && age >= ttl_ * options_.refresh_ahead;
  } else if (fresh) {
    *start = may_fetch && now >= attempted_at_ + options_.cooldown;
  } else {
    *start = may_fetch;
  }
  if (*start) {
    fetching_ = true;
    attempted_at_ = now;
  }
  if (fresh && known) return Step::kServe;
  if (fetching_) return Step::kWait;
  return usable ? Step::kServe : Step::kFail;
}

absl::Status JwksCache::last_failure() const {
  const MutexLock lock(mutex_);
  return last_fetch_failed_ ? last_failure_ : absl::OkStatus();
}

void JwksCache::StartFetch() {
  std::string jwks_uri = configured_jwks_uri_;
  if (jwks_uri.empty()) {
    const MutexLock lock(mutex_);
    jwks_uri = discovered_jwks_uri_;
  }
  if (!jwks_uri.empty()) return FetchKeys(std::move(jwks_uri));
  UrlRequest request;
  request.url = DiscoveryUrl(issuer_);
  request.host_is_configured = true;
  fetcher_.Fetch(std::move(request),
                 [self = shared_from_this()](absl::StatusOr<UrlDocument> document) {
                   if (!document.ok()) return self->Finish(document.status(), "");
                   if (document->status != 200) {
                     return self->Finish(BadStatus("discovery", document->status), "");
                   }
                   auto jwks_uri = JwksUriFromDiscovery(document->body, self->issuer_);
                   if (!jwks_uri.ok()) return self->Finish(jwks_uri.status(), "");
                   {
                     const MutexLock lock(self->mutex_);
                     self->discovered_jwks_uri_ = *jwks_uri;
                   }
                   self->FetchKeys(*std::move(jwks_uri));
                 });
}

void JwksCache::FetchKeys(std::string jwks_uri) {
  UrlRequest request;
  request.max_bytes = jose::kMaxJwkSetBytes;
  request.host_is_configured = !configured_jwks_uri_.empty() || SameOrigin(jwks_uri, issuer_);
  request.url = std::move(jwks_uri);
  fetcher_.Fetch(std::move(request),
                 [self = shared_from_this()](absl::StatusOr<UrlDocument> document) {
                   if (!document.ok()) return self->Finish(document.status(), "");
                   if (document->status != 200) {
                     return self->Finish(BadStatus("jwks_uri", document->status), "");
                   }
                   auto keys = jose::ParseJwkSet(document->body);
                   if (keys.ok() && keys->keys.empty()) {
                     keys = absl::UnavailableError("the issuer publishes no usable key");
                   }
                   self->Finish(std::move(keys), document->cache_control);
                 });
}

void JwksCache::Finish(absl::StatusOr<jose::JwkSet> fetched, absl::string_view cache_control) {
  std::vector<domain::Done<Keys>> waiting;
  Keys keys;
  absl::Status failure;
  {
    const MutexLock lock(mutex_);
    const absl::Time now = clock_.Now();
    fetching_ = false;
    last_fetch_failed_ = !fetched.ok();
    if (fetched.ok()) {
      Merge(*fetched);
      fetched_at_ = now;
      not_before_ = absl::InfinitePast();
      backoff_ = options_.min_backoff;
      ttl_ = std::clamp(MaxAge(cache_control).value_or(options_.ttl), options_.min_ttl,
                        options_.max_ttl);
    } else {
      not_before_ = now + backoff_;
      backoff_ = std::min(2 * backoff_, options_.max_backoff);
      last_failure_ = fetched.status();
      discovered_jwks_uri_.clear();  // It may have moved.
    }
    if (keys_ != nullptr && now - fetched_at_ < options_.stale_limit) keys = keys_;
    failure = last_failure_;
    waiting.swap(waiting_);
  }
  for (domain::Done<Keys>& done : waiting) {
    if (keys != nullptr) {
      done(keys);
    } else {
      done(IssuerUnavailable(failure.message()));
    }
  }
}

void JwksCache::Merge(const jose::JwkSet& fetched) {
  std::vector<Known> merged;
  for (const jose::Jwk& jwk : fetched.keys) merged.push_back({jwk, 0});
  for (const Known& old : known_) {
    const bool present =
        std::find(fetched.keys.begin(), fetched.keys.end(), old.jwk) != fetched.keys.end();
    if (!present && old.absences + 1 < kAbsencesToDrop) {
      merged.push_back({old.jwk, old.absences + 1});
    }
  }
  known_ = std::move(merged);
  auto keys = std::make_shared<jose::JwkSet>();
  for (const Known& known : known_) keys->keys.push_back(known.jwk);
  keys_ = std::move(keys);
}

absl::Duration JwksCache::Age() const {
  const MutexLock lock(mutex_);
  return clock_.Now() - fetched_at_;
}

}  // namespace countersign::authn::oidc
