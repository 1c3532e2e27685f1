#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/base/mutex.h"
#include "libs/domain/call.h"
#include "services/authn/oidc/url_fetcher.h"
#include "services/authn/saml/metadata.h"

namespace countersign::authn::assertions {

struct MetadataCacheOptions {
  absl::Duration ttl = absl::Hours(1);  // unless the server sends max-age
  absl::Duration min_ttl = absl::Minutes(5);
  absl::Duration max_ttl = absl::Hours(24);
  double refresh_ahead = 0.8;  // fraction of the ttl after which it is fetched in the background
  absl::Duration cooldown = absl::Seconds(10);   // between fetches that callers cause
  absl::Duration stale_limit = absl::Hours(24);  // while fetches fail
  std::size_t max_waiting = 1024;
};

// The fetched metadata of one provider. Thread-safe. Fetches are single-flight and start only with
// a Get; a caller waits only if there is no usable metadata, or when it asks for a newer one. At
// most one fetch per cooldown, whatever callers send. A fetch that fails, or that brings metadata
// that cannot be read or is of another provider than before, changes nothing.
class MetadataCache : public std::enable_shared_from_this<MetadataCache> {
 public:
  using Metadata = std::shared_ptr<const saml::IdpMetadata>;

  // `issuer` is the entityID that the metadata must have; "" accepts the first one's.
  static std::shared_ptr<MetadataCache> Make(std::string url, std::string issuer,
                                             oidc::UrlFetcher& fetcher, const Clock& clock,
                                             MetadataCacheOptions options = {});

  // UNAVAILABLE `issuer_unavailable` when there is none. With `newer_than`, the metadata that did
  // not verify a signature, waits for a fetch if one is allowed now.
  void Get(const Metadata& newer_than, domain::Done<Metadata> done);

 private:
  MetadataCache(std::string url, std::string issuer, oidc::UrlFetcher& fetcher, const Clock& clock,
                MetadataCacheOptions options);
  void Fetch();
  void Finish(absl::StatusOr<oidc::UrlDocument> document);
  absl::StatusOr<Metadata> Read(const oidc::UrlDocument& document) const CS_REQUIRES(mutex_);

  const std::string url_;
  oidc::UrlFetcher& fetcher_;
  const Clock& clock_;
  const MetadataCacheOptions options_;
  mutable Mutex mutex_;
  std::string issuer_ CS_GUARDED_BY(mutex_);
  Metadata metadata_ CS_GUARDED_BY(mutex_);  // null before the first successful fetch
  absl::Duration ttl_ CS_GUARDED_BY(mutex_);
  absl::Time fetched_at_ CS_GUARDED_BY(mutex_) = absl::InfinitePast();
  absl::Time attempted_at_ CS_GUARDED_BY(mutex_) = absl::InfinitePast();
  absl::Status last_failure_ CS_GUARDED_BY(mutex_);
  bool fetching_ CS_GUARDED_BY(mutex_) = false;
  std::vector<domain::Done<Metadata>> waiting_ CS_GUARDED_BY(mutex_);
};

}  // namespace countersign::authn::assertions
