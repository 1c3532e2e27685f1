#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "libs/base/mutex.h"
#include "libs/clients/testing/answers.h"
#include "libs/domain/authenticator.h"

namespace countersign::clients {

// Knows the credentials that the test adds; others are UNAUTHENTICATED. Thread-safe.
class FakeAuthenticator final : public domain::Authenticator {
 public:
  void Know(const std::string& credential, domain::Principal principal,
            absl::Time cache_until = absl::InfiniteFuture()) {
    domain::Authenticated known;
    known.principal = std::make_shared<const domain::Principal>(std::move(principal));
    known.internal_token = std::make_shared<const SecretString>("internal-token-of-" + credential);
    known.cache_until = cache_until;
    const MutexLock lock(mutex_);
    known_[credential] = std::move(known);
  }
  void Forget(const std::string& credential) {
    const MutexLock lock(mutex_);
    known_.erase(credential);
  }

  // The connection versions of the requested leases, in order.
  std::vector<std::uint64_t> leased_versions() const {
    const MutexLock lock(mutex_);
    return leased_versions_;
  }

  // Scripts answers instead of the known credentials and of the leases, which are empty by default.
  Answers<domain::Authenticated> authenticate{
      [] { return absl::UnauthenticatedError("unknown credential"); }};
  Answers<domain::CredentialLease> lease{[] { return domain::CredentialLease(); }};

  void Authenticate(const SecretString& credential, absl::Time,
                    domain::Done<domain::Authenticated> done) override {
    MutexLock lock(mutex_);
    const auto known = known_.find(credential.Reveal());
    Answers<domain::Authenticated>::Make make;
    if (known != known_.end()) make = [answer = known->second] { return answer; };
    lock.Unlock();
    authenticate.Give(std::move(done), std::move(make));
  }
  void AuthenticateAgain(const SecretString& credential, absl::Time, absl::Time deadline,
                         domain::Done<domain::Authenticated> done) override {
    Authenticate(credential, deadline, std::move(done));
  }
  void LeaseCredential(const domain::Call&, const std::string&, std::uint64_t connection_version,
                       absl::Time, domain::Done<domain::CredentialLease> done) override {
    {
      const MutexLock lock(mutex_);
      leased_versions_.push_back(connection_version);
    }
    lease.Give(std::move(done));
  }

 private:
  mutable Mutex mutex_;
  std::vector<std::uint64_t> leased_versions_ CS_GUARDED_BY(mutex_);
  std::map<std::string, domain::Authenticated> known_ CS_GUARDED_BY(mutex_);
};

}  // namespace countersign::clients
