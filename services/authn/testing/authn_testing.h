#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/base/mutex.h"
#include "libs/crypto/testing/test_signer.h"
#include "libs/domain/resources.h"
#include "libs/jose/jwk.h"
#include "libs/jose/testing/test_tokens.h"
#include "libs/testing/fake_clock.h"
#include "services/authn/internal_tokens/token_minter.h"
#include "services/authn/oidc/url_fetcher.h"

// An issuer's data and fakes of the core's interfaces, for authn's tests.
namespace countersign::authn::testing {

inline constexpr char kIssuer[] = "https://idp.example";

// Keeps requests until the test answers them; answers at once when `automatic` is set.
class FakeFetcher final : public oidc::UrlFetcher {
 public:
  void Fetch(oidc::UrlRequest request, domain::Done<oidc::UrlDocument> done) override {
    MutexLock lock(mutex_);
    requests.push_back(request);
    if (!automatic) {
      waiting_.push_back(std::move(done));
      return;
    }
    absl::StatusOr<oidc::UrlDocument> answer = answer_;
    lock.Unlock();
    done(std::move(answer));
  }

  void AnswerWith(absl::StatusOr<oidc::UrlDocument> answer) {
    const MutexLock lock(mutex_);
    answer_ = std::move(answer);
  }
  void AnswerWithKeys(const std::vector<std::string>& jwks, std::string cache_control = "") {
    AnswerWith(oidc::UrlDocument{200, std::move(cache_control), jose::JwkSetJson(jwks)});
  }
  // Answers the oldest waiting request.
  void Release() {
    MutexLock lock(mutex_);
    domain::Done<oidc::UrlDocument> done = std::move(waiting_.front());
    waiting_.erase(waiting_.begin());
    absl::StatusOr<oidc::UrlDocument> answer = answer_;
    lock.Unlock();
    done(std::move(answer));
  }
  std::size_t waiting() const {
    const MutexLock lock(mutex_);
    return waiting_.size();
  }

  bool automatic = true;
  std::vector<oidc::UrlRequest> requests;

 private:
  mutable Mutex mutex_;
  absl::StatusOr<oidc::UrlDocument> answer_ CS_GUARDED_BY(mutex_) =
      absl::UnavailableError("no answer was prepared");
  std::vector<domain::Done<oidc::UrlDocument>> waiting_ CS_GUARDED_BY(mutex_);
};

// Mints tokens that consist of the subject and a counter.
class FakeMinter final : public internal_tokens::TokenMinter {
 public:
  absl::StatusOr<internal_tokens::MintedToken> Mint(const domain::Principal& principal,
                                                    absl::Time now) override {
    if (!failure.ok()) return failure;
    ++minted;
    return internal_tokens::MintedToken{
        SecretString(absl::StrCat("internal-", principal.subject, "-", minted)),
        now + absl::Seconds(120)};
  }
  std::string PublicKeys() const override { return R"({"keys":[]})"; }

  absl::Status failure;
  int minted = 0;
};

inline domain::IdentityProvider Provider(const std::string& name = "corp",
                                         const std::string& issuer = kIssuer) {
  domain::IdentityProvider provider;
  provider.name = name;
  provider.oidc = domain::IdentityProvider::Oidc();
  provider.oidc->issuer = issuer;
  provider.oidc->audiences = {"countersign"};
  provider.oidc->jwks_uri = issuer + "/keys";
  return provider;
}

inline domain::Identity TokenIdentity(const std::string& name, const std::string& subject,
                                      std::map<std::string, std::string> claims = {},
                                      const std::string& provider = "corp") {
  domain::Identity identity;
  identity.name = name;
  identity.kind = domain::IdentityKind::kHuman;
  identity.match.emplace();
  identity.match->provider = provider;
  identity.match->subject = subject;
  identity.match->claims = std::move(claims);
  return identity;
}

inline domain::Identity KeyIdentity(const std::string& name, std::vector<std::string> groups = {}) {
  domain::Identity identity;
  identity.name = name;
  identity.kind = domain::IdentityKind::kService;
  identity.groups = std::move(groups);
  return identity;
}

inline domain::RoleBinding Binding(const std::string& name, domain::Role role,
                                   std::vector<std::string> groups,
                                   std::vector<std::string> identities = {},
                                   std::vector<std::string> connections = {}) {
  return {name, role, std::move(groups), std::move(identities), std::move(connections)};
}

// Builds a ResourceSet; every resource is named once.
class Resources {
 public:
  Resources& Add(const domain::IdentityProvider& provider) {
    set_.identity_providers[provider.name] = provider;
    return *this;
  }
  Resources& Add(const domain::Identity& identity) {
    set_.identities[identity.name] = identity;
    return *this;
  }
  Resources& Add(const domain::RoleBinding& binding) {
    set_.role_bindings[binding.name] = binding;
    return *this;
  }
  Resources& Add(const domain::Credential& credential) {
    set_.credentials[credential.name] = credential;
    return *this;
  }
  Resources& AddConnection(const std::string& name, const std::string& credential,
                           std::uint64_t version = 1) {
    domain::Connection connection;
    connection.name = name;
    connection.credential = credential;
    connection.version = version;
    set_.connections[name] = connection;
    return *this;
  }
  std::shared_ptr<const domain::ResourceSet> Set() const {
    return std::make_shared<const domain::ResourceSet>(set_);
  }

 private:
  domain::ResourceSet set_;
};

}  // namespace countersign::authn::testing
