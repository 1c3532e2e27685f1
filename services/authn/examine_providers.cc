#include "services/authn/examine_providers.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/mutex.h"
#include "services/authn/assertions/metadata_cache.h"

namespace countersign::authn {
namespace {

using State = HealthCheck::State;
using assertions::MetadataCache;
using oidc::JwksCache;

constexpr std::size_t kMostProviders = 64;
// No key has it, so that keys are fetched also when there are some.
constexpr char kNoKey[] = "countersign-examination";

// Answers that are waited for together.
class Answers {
 public:
  explicit Answers(std::size_t count) : missing_(count), answers_(count) {}

  void Set(std::size_t index, absl::Status answer) {
    const MutexLock lock(mutex_);
    answers_[index] = std::move(answer);
    --missing_;
    changed_.NotifyAll();
  }
  std::vector<absl::Status> Wait(absl::Duration timeout) {
    const MutexLock lock(mutex_);
    changed_.WaitFor(mutex_, timeout, [this]() CS_REQUIRES(mutex_) { return missing_ == 0; });
    std::vector<absl::Status> all;
    for (const std::optional<absl::Status>& answer : answers_) {
      all.push_back(answer.value_or(absl::DeadlineExceededError("no answer in time")));
    }
    return all;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::size_t missing_ CS_GUARDED_BY(mutex_);
  std::vector<std::optional<absl::Status>> answers_ CS_GUARDED_BY(mutex_);
};

std::string CheckName(const std::string& provider) {
  return absl::StrCat("identity provider ", provider);
}

HealthCheck DescribeKeys(const std::string& provider, const JwksCache& cache,
                         const absl::Status& answer) {
  const absl::Duration age = cache.Age();
  const bool ever = age != absl::InfiniteDuration();
  const absl::Status failure = answer.ok() ? cache.last_failure() : answer;
  const std::string fetched =
      ever ? absl::StrCat("keys of ", cache.issuer(), " fetched ", absl::ToInt64Seconds(age),
                          " s ago")
           : absl::StrCat("the keys of ", cache.issuer(), " were never fetched");
  if (ever && failure.ok()) return {CheckName(provider), State::kOk, fetched, ""};
  return {CheckName(provider), ever ? State::kWarning : State::kFailed,
          absl::StrCat(fetched, "; ", failure.message()),
          ever ? "its tokens are still accepted by the known keys; make it reachable again"
               : "its tokens are refused: check spec.oidc.issuer, and that authn reaches it"};
}

HealthCheck DescribeMetadata(const directory::SamlProvider& provider, const absl::Status& fetched,
                             absl::Time now) {
  if (provider.metadata == nullptr) {
    if (fetched.ok())
      return {CheckName(provider.provider), State::kOk, "its metadata was fetched", ""};
    return {CheckName(provider.provider), State::kFailed, std::string(fetched.message()),
            "check spec.saml.metadataUrl, and that authn reaches it"};
  }
  if (provider.metadata->valid_until > now) {
    return {CheckName(provider.provider), State::kOk, "its metadata is in the resource", ""};
  }
  return {CheckName(provider.provider), State::kFailed, "its metadata is no longer valid",
          "apply the resource with the provider's present metadata"};
}

}  // namespace

std::vector<HealthCheck> ExamineProviders(const directory::Directory& directory,
                                          oidc::JwksCaches& jwks, oidc::UrlFetcher& fetcher,
                                          const Clock& clock, absl::Duration timeout) {
  const std::size_t issuers = std::min(directory.issuers().size(), kMostProviders);
  const std::size_t saml = std::min(directory.saml_providers().size(), kMostProviders);
  const auto answers = std::make_shared<Answers>(issuers + saml);
  std::vector<std::shared_ptr<JwksCache>> caches;
  for (std::size_t i = 0; i < issuers; ++i) {
    caches.push_back(jwks.GetCache(directory, directory.issuers()[i]));
    caches.back()->Get(kNoKey, [answers, i](const absl::StatusOr<JwksCache::Keys>& keys) {
      answers->Set(i, keys.status());
    });
  }
  for (std::size_t i = 0; i < saml; ++i) {
    const directory::SamlProvider& provider = directory.saml_providers()[i];
    if (provider.metadata != nullptr) {
      answers->Set(issuers + i, absl::OkStatus());
      continue;
    }
    MetadataCache::Make(provider.metadata_url, provider.issuer, fetcher, clock)
        ->Get(nullptr,
              [answers, at = issuers + i](const absl::StatusOr<MetadataCache::Metadata>& got) {
                answers->Set(at, got.status());
              });
  }
  const std::vector<absl::Status> all = answers->Wait(timeout);
  std::vector<HealthCheck> checks;
  for (std::size_t i = 0; i < issuers; ++i) {
    checks.push_back(DescribeKeys(directory.issuers()[i].provider, *caches[i], all[i]));
  }
  for (std::size_t i = 0; i < saml; ++i) {
    checks.push_back(
        DescribeMetadata(directory.saml_providers()[i], all[issuers + i], clock.Now()));
  }
  return checks;
}

}  // namespace countersign::authn
