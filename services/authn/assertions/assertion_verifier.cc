#include "services/authn/assertions/assertion_verifier.h"

#include <algorithm>
#include <utility>

#include "libs/base/status.h"
#include "services/authn/assertions/assertion_text.h"
#include "services/authn/authn_errors.h"
#include "services/authn/saml/saml_names.h"

namespace countersign::authn::assertions {

struct AssertionVerifier::Attempt {
  std::shared_ptr<const directory::Directory> directory;
  saml::UnverifiedMessage message;
  absl::Time at;
  Done done;
  bool fetched_again = false;
};

void AssertionVerifier::Verify(absl::string_view credential,
                               std::shared_ptr<const directory::Directory> directory, absl::Time at,
                               Done done) {
  const auto xml = DecodeAssertion(credential);
  if (!xml.ok()) return done(xml.status());
  auto message = saml::UnverifiedMessage::Parse(*xml);
  if (!message.ok()) return done(message.status());
  const directory::SamlProvider* known = directory->FindSamlProvider(message->unverified_issuer());
  auto attempt = std::make_shared<Attempt>(
      Attempt{std::move(directory), *std::move(message), at, std::move(done)});
  if (known == nullptr) return TryProvider(std::move(attempt), 0, IssuerUnknown());
  if (known->metadata != nullptr) return VerifyWith(std::move(attempt), *known, known->metadata);
  GetCache(*attempt->directory, *known)
      ->Get(nullptr, [this, attempt, known](absl::StatusOr<MetadataCache::Metadata> metadata) {
        if (!metadata.ok()) return attempt->done(metadata.status());
        VerifyWith(attempt, *known, *std::move(metadata));
      });
}

// Asks the providers from `index` on whose entityID only their metadata has.
void AssertionVerifier::TryProvider(std::shared_ptr<Attempt> attempt, std::size_t index,
                                    absl::Status otherwise) {
  const auto& providers = attempt->directory->saml_providers();
  while (index < providers.size() && !providers[index].issuer.empty()) ++index;
  if (index == providers.size()) return attempt->done(std::move(otherwise));
  const directory::SamlProvider& provider = providers[index];
  GetCache(*attempt->directory, provider)
      ->Get(nullptr, [this, attempt, index, &provider,
                      otherwise](absl::StatusOr<MetadataCache::Metadata> metadata) {
        if (!metadata.ok()) return TryProvider(attempt, index + 1, metadata.status());
        if ((*metadata)->entity_id == attempt->message.unverified_issuer()) {
          return VerifyWith(attempt, provider, *std::move(metadata));
        }
        TryProvider(attempt, index + 1, otherwise);
      });
}

void AssertionVerifier::VerifyWith(std::shared_ptr<Attempt> attempt,
                                   const directory::SamlProvider& provider,
                                   MetadataCache::Metadata metadata) {
  auto verified =
      saml::VerifyMessage(attempt->message, *metadata, provider.expectations, attempt->at);
  const bool may_be_rotated = GetReason(verified.status()) == saml::reason::kSignature &&
                              !provider.metadata_url.empty() &&
                              !std::exchange(attempt->fetched_again, true);
  if (!may_be_rotated) {
    if (!verified.ok()) return attempt->done(verified.status());
    return attempt->done(Verified{&provider, *std::move(verified)});
  }
  GetCache(*attempt->directory, provider)
      ->Get(metadata, [this, attempt, &provider, refusal = verified.status(),
                       metadata](absl::StatusOr<MetadataCache::Metadata> newer) {
        if (!newer.ok() || *newer == metadata) return attempt->done(refusal);
        VerifyWith(attempt, provider, *std::move(newer));
      });
}

std::shared_ptr<MetadataCache> AssertionVerifier::GetCache(
    const directory::Directory& directory, const directory::SamlProvider& provider) {
  const MutexLock lock(mutex_);
  Entry& entry = caches_[provider.provider];
  if (entry.cache == nullptr || entry.url != provider.metadata_url ||
      entry.issuer != provider.issuer) {
    entry = {
        provider.metadata_url, provider.issuer,
        MetadataCache::Make(provider.metadata_url, provider.issuer, fetcher_, clock_, options_)};
    // Drops those of providers that are gone.
    const auto& named = directory.saml_providers();
    std::erase_if(caches_, [&](const auto& cached) {
      return std::none_of(named.begin(), named.end(),
                          [&](const auto& known) { return known.provider == cached.first; });
    });
  }
  return caches_.at(provider.provider).cache;
}

}  // namespace countersign::authn::assertions
