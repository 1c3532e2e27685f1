#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "services/authn/directory/directory.h"
#include "services/authn/oidc/jwks_cache.h"

namespace countersign::authn::oidc {

// One JwksCache per configured issuer, kept from one version of the resources to the next, so that
// an apply does not throw keys away. Thread-safe.
class JwksCaches {
 public:
  JwksCaches(UrlFetcher& fetcher, const Clock& clock, JwksCacheOptions options = {})
      : fetcher_(fetcher), clock_(clock), options_(options) {}

  // `issuer` is one of `directory`'s. Caches of issuers that `directory` no longer names are
  // dropped.
  std::shared_ptr<JwksCache> GetCache(const directory::Directory& directory,
                                      const directory::TokenIssuer& issuer);

  struct ProviderAge {
    std::string provider;
    absl::Duration age;
  };
  std::vector<ProviderAge> Ages() const;  // of those that were fetched at least once

 private:
  struct Entry {
    std::string issuer;
    std::string jwks_uri;
    std::shared_ptr<JwksCache> cache;
  };
  void DropUnnamed(const directory::Directory& directory);

  UrlFetcher& fetcher_;
  const Clock& clock_;
  const JwksCacheOptions options_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry> by_provider_;
};

}  // namespace countersign::authn::oidc
