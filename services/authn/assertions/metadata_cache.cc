#include "services/authn/assertions/metadata_cache.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "services/authn/authn_errors.h"
#include "services/authn/oidc/jwks_cache.h"

namespace countersign::authn::assertions {

std::shared_ptr<MetadataCache> MetadataCache::Make(std::string url, std::string issuer,
                                                   oidc::UrlFetcher& fetcher, const Clock& clock,
                                                   MetadataCacheOptions options) {
  return std::shared_ptr<MetadataCache>(
      new MetadataCache(std::move(url), std::move(issuer), fetcher, clock, options));
}

MetadataCache::MetadataCache(std::string url, std::string issuer, oidc::UrlFetcher& fetcher,
                             const Clock& clock, MetadataCacheOptions options)
    : url_(std::move(url)),
      fetcher_(fetcher),
      clock_(clock),
      options_(options),
      issuer_(std::move(issuer)),
      ttl_(options.ttl),
      last_failure_(absl::UnavailableError("the provider's metadata was not fetched yet")) {}

void MetadataCache::Get(const Metadata& newer_than, domain::Done<Metadata> done) {
  bool start = false;
  Metadata metadata;
  absl::Status failure;
  {
    const MutexLock lock(mutex_);
    const absl::Time now = clock_.Now();
    const absl::Duration age = now - fetched_at_;
    const bool usable = metadata_ != nullptr && age < options_.stale_limit;
    const bool wanted = usable && metadata_ != newer_than;
    const bool old = !wanted || age >= ttl_ * options_.refresh_ahead;
    start = old && !fetching_ && now >= attempted_at_ + options_.cooldown;
    if (start) {
      fetching_ = true;
      attempted_at_ = now;
    }
    if (!wanted && fetching_ && waiting_.size() < options_.max_waiting) {
      waiting_.push_back(std::move(done));
    } else if (usable) {
      metadata = metadata_;
    } else {
      failure = last_failure_;
    }
  }
  if (start) Fetch();
  if (metadata != nullptr) return done(std::move(metadata));
  if (!failure.ok()) done(IssuerUnavailable(failure.message()));
}

void MetadataCache::Fetch() {
  oidc::UrlRequest request;
  request.url = url_;
  request.max_bytes = saml::kMaxMetadataBytes;
  request.accept = "application/samlmetadata+xml, application/xml, text/xml, */*";
  request.host_is_configured = true;
  fetcher_.Fetch(std::move(request),
                 [self = shared_from_this()](absl::StatusOr<oidc::UrlDocument> document) {
                   self->Finish(std::move(document));
                 });
}

absl::StatusOr<MetadataCache::Metadata> MetadataCache::Read(
    const oidc::UrlDocument& document) const {
  if (document.status != 200) {
    return absl::UnavailableError(
        absl::StrCat("the provider's metadata URL answers HTTP ", document.status));
  }
  auto parsed = saml::ParseMetadata(document.body);
  if (!parsed.ok()) return Annotate(parsed.status(), "the provider's metadata");
  if (!issuer_.empty() && parsed->entity_id != issuer_) {
    return absl::UnavailableError("the metadata URL now describes another provider");
  }
  if (parsed->valid_until <= clock_.Now()) {
    return absl::UnavailableError("the metadata URL serves metadata that is no longer valid");
  }
  return std::make_shared<const saml::IdpMetadata>(*std::move(parsed));
}

void MetadataCache::Finish(absl::StatusOr<oidc::UrlDocument> document) {
  std::vector<domain::Done<Metadata>> waiting;
  Metadata metadata;
  absl::Status failure;
  {
    const MutexLock lock(mutex_);
    fetching_ = false;
    const absl::Time now = clock_.Now();
    auto read = document.ok() ? Read(*document) : absl::StatusOr<Metadata>(document.status());
    if (read.ok()) {
      // Equal metadata stays the same object, so that a caller sees that nothing has changed.
      if (metadata_ == nullptr || !(*metadata_ == **read)) metadata_ = *std::move(read);
      issuer_ = metadata_->entity_id;
      fetched_at_ = now;
      ttl_ = std::clamp(oidc::MaxAge(document->cache_control).value_or(options_.ttl),
                        options_.min_ttl, options_.max_ttl);
    } else {
      last_failure_ = read.status();
    }
    if (metadata_ != nullptr && now - fetched_at_ < options_.stale_limit) metadata = metadata_;
    failure = last_failure_;
    waiting.swap(waiting_);
  }
  for (domain::Done<Metadata>& done : waiting) {
    if (metadata != nullptr) {
      done(metadata);
    } else {
      done(IssuerUnavailable(failure.message()));
    }
  }
}

}  // namespace countersign::authn::assertions
