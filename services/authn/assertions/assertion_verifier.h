#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/base/mutex.h"
#include "libs/domain/call.h"
#include "services/authn/assertions/metadata_cache.h"
#include "services/authn/directory/directory.h"
#include "services/authn/saml/assertion.h"

namespace countersign::authn::assertions {

// Verifies the assertions that callers send with the metadata of their providers. Thread-safe.
class AssertionVerifier {
 public:
  // A verified assertion and its provider, which belongs to the directory.
  struct Verified {
    const directory::SamlProvider* provider = nullptr;
    saml::Assertion assertion;
  };
  using Done = domain::Done<Verified>;

  // Both must outlive this object and its outstanding calls.
  AssertionVerifier(oidc::UrlFetcher& fetcher, const Clock& clock,
                    MetadataCacheOptions options = {})
      : fetcher_(fetcher), clock_(clock), options_(options) {}

  // Verifies `credential`, in base64, as of `at`. Calls `done` once: before Verify returns, or on
  // the fetcher's thread when metadata must be fetched first. UNAUTHENTICATED with the reason;
  // UNAVAILABLE `issuer_unavailable`. An assertion whose signature does not verify causes one fetch
  // of the provider's metadata, if it has a URL, and one more try.
  void Verify(absl::string_view credential, std::shared_ptr<const directory::Directory> directory,
              absl::Time at, Done done);

 private:
  struct Attempt;
  std::shared_ptr<MetadataCache> GetCache(const directory::Directory& directory,
                                          const directory::SamlProvider& provider);
  void TryProvider(std::shared_ptr<Attempt> attempt, std::size_t index, absl::Status otherwise);
  void VerifyWith(std::shared_ptr<Attempt> attempt, const directory::SamlProvider& provider,
                  MetadataCache::Metadata metadata);

  struct Entry {
    std::string url;
    std::string issuer;
    std::shared_ptr<MetadataCache> cache;
  };

  oidc::UrlFetcher& fetcher_;
  const Clock& clock_;
  const MetadataCacheOptions options_;
  Mutex mutex_;
  std::map<std::string, Entry> caches_ CS_GUARDED_BY(mutex_);  // by provider
};

}  // namespace countersign::authn::assertions
