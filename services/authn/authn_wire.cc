#include "services/authn/authn_wire.h"

#include <algorithm>
#include <utility>

#include "libs/base/status.h"
#include "libs/wire/prompt_wire.h"

namespace countersign::authn {
namespace {

constexpr std::size_t kMaxIdentityBytes = 63;
constexpr std::uint32_t kMaxTtlSeconds = 10u * 366 * 24 * 3600;
constexpr std::uint32_t kDefaultPage = 100;
constexpr std::uint32_t kMaxPage = 1000;

template <typename Set>
void SetWhenFinite(absl::Time time, Set set) {
  if (time != absl::InfiniteFuture() && time != absl::InfinitePast()) set(wire::ToProto(time));
}

v1::Key::State ToProto(access_keys::KeyState state) {
  switch (state) {
    case access_keys::KeyState::kActive: return v1::Key::ACTIVE;
    case access_keys::KeyState::kExpired: return v1::Key::EXPIRED;
    case access_keys::KeyState::kOrphaned: return v1::Key::ORPHANED;
    case access_keys::KeyState::kRevoked: break;
  }
  return v1::Key::REVOKED;
}

domain::CredentialType FromProto(v1::ExchangeTokenRequest::Type type) {
  switch (type) {
    case v1::ExchangeTokenRequest::JWT: return domain::CredentialType::kToken;
    case v1::ExchangeTokenRequest::SAML2: return domain::CredentialType::kAssertion;
    default: return domain::CredentialType::kKeyOrToken;
  }
}

}  // namespace

v1::AuthenticateResponse ToProto(const domain::Authenticated& authenticated) {
  v1::AuthenticateResponse out;
  out.set_internal_token(authenticated.internal_token->Reveal());
  SetWhenFinite(authenticated.cache_until,
                [&](const auto& time) { *out.mutable_cache_until() = time; });
  return out;
}

v1::LeaseCredentialResponse ToProto(const domain::CredentialLease& lease) {
  v1::LeaseCredentialResponse out;
  for (const domain::CredentialHeader& header : lease.headers) {
    v1::LeasedHeader& added = *out.add_headers();
    added.set_name(header.name);
    added.set_value(header.value.Reveal());
  }
  out.set_client_certificate(lease.client_certificate_pem.Reveal());
  out.set_client_key(lease.client_key_pem.Reveal());
  SetWhenFinite(lease.expires_at, [&](const auto& time) { *out.mutable_expires_at() = time; });
  return out;
}

v1::WhoAmIResponse ToProto(const domain::Principal& principal) {
  v1::WhoAmIResponse out;
  out.set_identity(principal.identity);
  out.set_issuer(principal.issuer);
  out.set_subject(principal.subject);
  out.set_name(principal.name);
  out.set_actor(principal.actor);
  out.set_kind(std::string(domain::ToString(principal.kind)));
  for (const std::string& group : principal.groups) out.add_groups(group);
  for (const domain::RoleGrant& grant : principal.roles) {
    v1::WhoAmIRole& role = *out.add_roles();
    role.set_role(std::string(domain::ToString(grant.role)));
    for (const std::string& connection : grant.connections) role.add_connections(connection);
  }
  SetWhenFinite(principal.expires_at, [&](const auto& time) { *out.mutable_expires_at() = time; });
  return out;
}

v1::CreateKeyResponse ToProto(const access_keys::CreatedKey& created) {
  v1::CreateKeyResponse out;
  out.set_id(created.record.id);
  out.set_identity(created.record.identity);
  out.set_key(created.key.Reveal());
  SetWhenFinite(created.record.expires_at,
                [&](const auto& time) { *out.mutable_expires_at() = time; });
  return out;
}

v1::Key ToProto(const access_keys::KeyRecord& key, access_keys::KeyState state) {
  v1::Key out;
  out.set_id(key.id);
  out.set_identity(key.identity);
  out.set_state(ToProto(state));
  SetWhenFinite(key.created_at, [&](const auto& time) { *out.mutable_created_at() = time; });
  SetWhenFinite(key.expires_at, [&](const auto& time) { *out.mutable_expires_at() = time; });
  SetWhenFinite(key.revoked_at, [&](const auto& time) { *out.mutable_revoked_at() = time; });
  return out;
}

v1::RevokeKeyResponse ToProto(const access_keys::KeyRecord& revoked) {
  v1::RevokeKeyResponse out;
  out.set_id(revoked.id);
  SetWhenFinite(revoked.revoked_at, [&](const auto& time) { *out.mutable_revoked_at() = time; });
  return out;
}

v1::ExchangeTokenResponse ToProto(const domain::IssuedToken& token) {
  v1::ExchangeTokenResponse out;
  out.set_token(token.token.Reveal());
  *out.mutable_expires_at() = wire::ToProto(token.expires_at);
  return out;
}

domain::TokenRequest FromProto(const v1::ExchangeTokenRequest& request, absl::Time deadline) {
  domain::TokenRequest out;
  out.subject = SecretString(request.subject_token());
  out.subject_type = FromProto(request.subject_type());
  out.actor = SecretString(request.actor_token());
  out.actor_type = FromProto(request.actor_type());
  out.deadline = deadline;
  return out;
}

absl::StatusOr<access_keys::NewKey> FromProto(const v1::CreateKeyRequest& request,
                                              std::string created_by) {
  if (request.identity().empty() || request.identity().size() > kMaxIdentityBytes) {
    return InvalidField("identity", "is required, with at most 63 characters");
  }
  if (request.ttl_seconds() > kMaxTtlSeconds) {
    return InvalidField("ttl_seconds", "is over ten years; leave it out for no expiry");
  }
  access_keys::NewKey key;
  key.identity = request.identity();
  key.ttl = absl::Seconds(request.ttl_seconds());
  key.created_by = std::move(created_by);
  std::string adopt = request.adopt();
  while (!adopt.empty() && (adopt.back() == '\n' || adopt.back() == '\r')) adopt.pop_back();
  if (adopt.empty() && !request.adopt().empty()) {
    return InvalidField("adopt", "is empty");
  }
  key.adopt = SecretString(std::move(adopt));
  return key;
}

absl::StatusOr<absl::Time> AcceptedAt(const v1::AuthenticateRequest& request) {
  if (!request.has_accepted_at()) return absl::InfiniteFuture();
  return wire::FromProto(request.accepted_at());
}

std::size_t PageSize(std::uint32_t requested) {
  return requested == 0 ? kDefaultPage : std::min(requested, kMaxPage);
}

}  // namespace countersign::authn
