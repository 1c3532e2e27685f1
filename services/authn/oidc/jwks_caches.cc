#include "services/authn/oidc/jwks_caches.h"

#include <algorithm>

namespace countersign::authn::oidc {

std::shared_ptr<JwksCache> JwksCaches::GetCache(const directory::Directory& directory,
                                                const directory::TokenIssuer& issuer) {
  const std::string& url = issuer.expectations.issuer;
  const MutexLock lock(mutex_);
  Entry& entry = by_provider_[issuer.provider];
  if (entry.cache == nullptr || entry.issuer != url || entry.jwks_uri != issuer.jwks_uri) {
    entry = {url, issuer.jwks_uri,
             JwksCache::Make(url, issuer.jwks_uri, fetcher_, clock_, options_)};
    DropUnnamed(directory);
  }
  return entry.cache;
}

void JwksCaches::DropUnnamed(const directory::Directory& directory) {
  for (auto entry = by_provider_.begin(); entry != by_provider_.end();) {
    const bool named = std::any_of(
        directory.issuers().begin(), directory.issuers().end(),
        [&](const directory::TokenIssuer& issuer) { return issuer.provider == entry->first; });
    entry = named ? std::next(entry) : by_provider_.erase(entry);
  }
}

std::vector<JwksCaches::ProviderAge> JwksCaches::Ages() const {
  const MutexLock lock(mutex_);
  std::vector<ProviderAge> ages;
  for (const auto& [provider, entry] : by_provider_) {
    const absl::Duration age = entry.cache->Age();
    if (age != absl::InfiniteDuration()) ages.push_back({provider, age});
  }
  return ages;
}

}  // namespace countersign::authn::oidc
