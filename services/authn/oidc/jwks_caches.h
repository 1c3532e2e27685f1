#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "libs/base/mutex.h"
#include "services/authn/directory/directory.h"
#include "services/authn/oidc/jwks_cache.h"

namespace countersign::authn::oidc {

// One JwksCache per configured issuer, kept across versions of the resources so that an apply does
// not discard keys. Thread-safe.
class JwksCaches {
 public:
  JwksCaches(UrlFetcher& fetcher, const Clock& clock, JwksCacheOptions options = {})
      : fetcher_(fetcher), clock_(clock), options_(options) {}

  // The cache of `issuer`, which is one of `directory`'s. Drops the caches of issuers that
  // `directory` no longer names.
  std::shared_ptr<JwksCache> GetCache(const directory::Directory& directory,
                                      const directory::TokenIssuer& issuer);

  struct ProviderAge {
    std::string provider;
    absl::Duration age;
  };
  std::vector<ProviderAge> Ages() const;  // of issuers fetched at least once

 private:
  struct Entry {
    std::string issuer;
    std::string jwks_uri;
    std::shared_ptr<JwksCache> cache;
  };
  void DropUnnamed(const directory::Directory& directory) CS_REQUIRES(mutex_);

  UrlFetcher& fetcher_;
  const Clock& clock_;
  const JwksCacheOptions options_;
  mutable Mutex mutex_;
  std::map<std::string, Entry> by_provider_ CS_GUARDED_BY(mutex_);
};

}  // namespace countersign::authn::oidc
