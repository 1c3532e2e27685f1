#include "libs/jose/internal_token.h"

#include <algorithm>
#include <utility>

#include "libs/base/status.h"
#include "libs/crypto/hash.h"
#include "libs/json/document.h"
#include "libs/json/writer.h"

namespace countersign::jose {
namespace {

constexpr char kPrincipal[] = "principal";
// Clock skew between the machines of one installation.
constexpr absl::Duration kSkew = absl::Seconds(10);
// The minimum lifetime, for credentials that are about to expire or have expired within the allowed
// skew.
constexpr absl::Duration kMinLifetime = absl::Seconds(15);

absl::Status Malformed() {
  return WithReason(absl::UnauthenticatedError("the internal token's principal is malformed"),
                    reason::kBadClaim);
}

void WriteStrings(json::Writer& writer, const std::vector<std::string>& values) {
  writer.BeginArray();
  for (const std::string& value : values) writer.String(value);
  writer.EndArray();
}

absl::StatusOr<std::vector<std::string>> ReadStrings(json::Value values) {
  if (!values.is(json::Type::kArray)) return Malformed();
  std::vector<std::string> out;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!values.at(i).is(json::Type::kString)) return Malformed();
    out.emplace_back(values.at(i).text());
  }
  return out;
}

absl::StatusOr<std::vector<domain::RoleGrant>> ReadRoles(json::Value roles) {
  if (!roles.is(json::Type::kArray)) return Malformed();
  std::vector<domain::RoleGrant> out;
  for (std::size_t i = 0; i < roles.size(); ++i) {
    domain::RoleGrant grant;
    grant.role = domain::RoleFromString(roles.at(i)["role"].text());
    if (grant.role == domain::Role::kNone) return Malformed();
    CS_ASSIGN_OR_RETURN(grant.connections, ReadStrings(roles.at(i)["connections"]));
    out.push_back(std::move(grant));
  }
  return out;
}

Expectations InternalExpectations() {
  Expectations expectations;
  expectations.issuer = std::string(kInternalTokenIssuer);
  expectations.audiences = {std::string(kInternalTokenAudience)};
  expectations.algorithms = {crypto::SignatureAlgorithm::kEs256};
  expectations.type = std::string(kInternalTokenType);
  expectations.skew = kSkew;
  expectations.max_lifetime = kInternalTokenLifetime;
  return expectations;
}

}  // namespace

absl::Time InternalTokenExpiry(const domain::Principal& principal, absl::Time now) {
  const absl::Time expires =
      std::max(now + kMinLifetime, std::min(now + kInternalTokenLifetime, principal.expires_at));
  return absl::FromUnixSeconds(absl::ToUnixSeconds(expires));
}

std::string InternalClaimsJson(const domain::Principal& principal, absl::Time now) {
  json::Writer writer;
  writer.BeginObject();
  writer.Key("iss").String(kInternalTokenIssuer).Key("aud").String(kInternalTokenAudience);
  writer.Key("sub").String(principal.subject).Key("iat").Int(absl::ToUnixSeconds(now));
  writer.Key("exp").Int(absl::ToUnixSeconds(InternalTokenExpiry(principal, now)));
  writer.Key(kPrincipal).BeginObject();
  writer.Key("issuer").String(principal.issuer).Key("identity").String(principal.identity);
  writer.Key("name").String(principal.name).Key("actor").String(principal.actor);
  writer.Key("kind").String(domain::ToString(principal.kind));
  writer.Key("owner").String(principal.owner).Key("groups");
  WriteStrings(writer, principal.groups);
  writer.Key("roles").BeginArray();
  for (const domain::RoleGrant& grant : principal.roles) {
    writer.BeginObject().Key("role").String(domain::ToString(grant.role)).Key("connections");
    WriteStrings(writer, grant.connections);
    writer.EndObject();
  }
  writer.EndArray();
  if (principal.expires_at != absl::InfiniteFuture()) {
    writer.Key("expiresAtMs").Int(absl::ToUnixMillis(principal.expires_at));
  }
  writer.EndObject().EndObject();
  return writer.str();
}

absl::StatusOr<domain::Principal> PrincipalFromClaims(const VerifiedToken& token) {
  const json::Value claim = token.claims()[kPrincipal];
  if (!claim.is(json::Type::kObject) || claim["issuer"].text().empty()) return Malformed();
  domain::Principal principal;
  principal.issuer = std::string(claim["issuer"].text());
  principal.subject = token.subject;
  principal.identity = std::string(claim["identity"].text());
  principal.name = std::string(claim["name"].text());
  principal.actor = std::string(claim["actor"].text());
  principal.kind = domain::IdentityKindFromString(claim["kind"].text());
  principal.owner = std::string(claim["owner"].text());
  CS_ASSIGN_OR_RETURN(principal.groups, ReadStrings(claim["groups"]));
  CS_ASSIGN_OR_RETURN(principal.roles, ReadRoles(claim["roles"]));
  if (claim["expiresAtMs"].exists()) {
    const auto expires = claim["expiresAtMs"].integer();
    if (!expires) return Malformed();
    principal.expires_at = absl::FromUnixMillis(*expires);
  }
  return principal;
}

InternalTokenVerifier::InternalTokenVerifier(InternalKeySource& keys, const Clock& clock,
                                             std::size_t max_cached)
    : keys_(keys), clock_(clock), max_cached_(std::max<std::size_t>(1, max_cached)) {}

absl::StatusOr<std::shared_ptr<const domain::Principal>> InternalTokenVerifier::Verify(
    absl::string_view token) {
  const absl::Time now = clock_.Now();
  const std::string digest = crypto::Sha256(token);
  if (auto cached = Cached(digest, now)) return cached;
  const std::shared_ptr<const JwkSet> keys = keys_.Current();
  if (keys == nullptr) {
    keys_.RequestRefresh();
    return absl::UnavailableError("the keys of internal tokens are not known yet");
  }
  CS_ASSIGN_OR_RETURN(const UnverifiedToken parsed, UnverifiedToken::Parse(token));
  auto verified = VerifyToken(parsed, InternalExpectations(), *keys, now);
  if (!verified.ok()) {
    if (GetReason(verified.status()) == reason::kKeyIdUnknown) keys_.RequestRefresh();
    return verified.status();
  }
  CS_ASSIGN_OR_RETURN(domain::Principal principal, PrincipalFromClaims(*verified));
  auto shared = std::make_shared<const domain::Principal>(std::move(principal));
  Remember({digest, shared, verified->expires_at});
  return std::shared_ptr<const domain::Principal>(std::move(shared));
}

std::shared_ptr<const domain::Principal> InternalTokenVerifier::Cached(const std::string& digest,
                                                                       absl::Time now) {
  const MutexLock lock(mutex_);
  const auto found = by_digest_.find(digest);
  if (found == by_digest_.end()) return nullptr;
  const auto entry = found->second;
  if (entry->expires_at <= now) {
    by_digest_.erase(found);
    entries_.erase(entry);
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, entry);
  return entry->principal;
}

void InternalTokenVerifier::Remember(Entry entry) {
  const MutexLock lock(mutex_);
  if (by_digest_.contains(entry.digest)) return;  // Another thread has verified the same token.
  if (entries_.size() >= max_cached_) {
    by_digest_.erase(entries_.back().digest);
    entries_.pop_back();
  }
  entries_.push_front(std::move(entry));
  by_digest_.emplace(entries_.front().digest, entries_.begin());
}

}  // namespace countersign::jose
