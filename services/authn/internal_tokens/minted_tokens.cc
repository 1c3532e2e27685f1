#include "services/authn/internal_tokens/minted_tokens.h"

#include <utility>

#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/crypto/hash.h"

namespace countersign::authn::internal_tokens {
namespace {

constexpr absl::Duration kReuse = absl::Seconds(30);
constexpr absl::Duration kMinRemaining = absl::Seconds(10);

std::string Digest(const domain::Principal& principal) {
  LengthPrefixed bytes;
  bytes.Add(principal.issuer).Add(principal.subject).Add(principal.identity);
  bytes.Add(principal.name).Add(principal.actor);
  bytes.Add(domain::ToString(principal.kind)).Add(principal.owner);
  bytes.Add(absl::FormatTime(principal.expires_at));
  bytes.Add(principal.groups.size());
  for (const std::string& group : principal.groups) bytes.Add(group);
  for (const domain::RoleGrant& grant : principal.roles) {
    bytes.Add(domain::ToString(grant.role)).Add(grant.connections.size());
    for (const std::string& connection : grant.connections) bytes.Add(connection);
  }
  return crypto::Sha256(bytes.bytes());
}

}  // namespace

absl::StatusOr<MintedTokens::Minted> MintedTokens::GetOrMint(const domain::Principal& principal,
                                                             absl::Time now) {
  const std::string digest = Digest(principal);
  {
    const MutexLock lock(mutex_);
    const auto found = by_digest_.find(digest);
    if (found != by_digest_.end() && now - found->second->minted_at < kReuse &&
        found->second->minted.expires_at - now >= kMinRemaining) {
      return found->second->minted;
    }
  }
  CS_ASSIGN_OR_RETURN(MintedToken fresh, minter_.Mint(principal, now));
  Minted minted{std::make_shared<const SecretString>(std::move(fresh.token)), fresh.expires_at};
  const MutexLock lock(mutex_);
  const auto found = by_digest_.find(digest);
  if (found != by_digest_.end()) {
    entries_.erase(found->second);
    by_digest_.erase(found);
  } else if (entries_.size() >= capacity_) {
    by_digest_.erase(entries_.back().digest);
    entries_.pop_back();
  }
  entries_.push_front({digest, minted, now});
  by_digest_.emplace(digest, entries_.begin());
  return minted;
}

}  // namespace countersign::authn::internal_tokens
