#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "countersign/authn/v1/authn.pb.h"
#include "libs/base/clock.h"
#include "libs/domain/authenticator.h"
#include "libs/domain/principal.h"
#include "services/authn/access_keys/key_manager.h"
#include "services/authn/exchange/token_exchange.h"

// Converts between protobuf messages and domain values, and validates everything that other
// processes and administrators send.
namespace countersign::authn {

v1::AuthenticateResponse ToProto(const domain::Authenticated& authenticated);
v1::LeaseCredentialResponse ToProto(const domain::CredentialLease& lease);
v1::WhoAmIResponse ToProto(const domain::Principal& principal);
v1::CreateKeyResponse ToProto(const access_keys::CreatedKey& created);
v1::Key ToProto(const access_keys::KeyRecord& key, access_keys::KeyState state);
v1::RevokeKeyResponse ToProto(const access_keys::KeyRecord& revoked);

v1::ExchangeTokenResponse ToProto(const domain::IssuedToken& token);

// A type that is not known is that of an access key or a token.
domain::TokenRequest FromProto(const v1::ExchangeTokenRequest& request, absl::Time deadline);

// INVALID_ARGUMENT names the field. A line break at the end of `adopt` is dropped, because values
// read from files have one.
absl::StatusOr<access_keys::NewKey> FromProto(const v1::CreateKeyRequest& request,
                                              std::string created_by);

// InfiniteFuture if the request has no time. INVALID_ARGUMENT for an invalid time.
absl::StatusOr<absl::Time> AcceptedAt(const v1::AuthenticateRequest& request);

// 1 to 1000; 0 means 100.
std::size_t PageSize(std::uint32_t requested);

}  // namespace countersign::authn
