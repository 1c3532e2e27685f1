#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/authn/saml/signed_element.h"

namespace countersign::authn::saml {

inline constexpr std::size_t kMaxSigningKeys = 16;

// What an identity provider's metadata says of it.
struct IdpMetadata {
  std::string entity_id;
  std::vector<VerificationKey> keys;  // for signing; at least one
  std::string post_sso_url;           // of the HTTP-POST binding; empty: none
  absl::Time valid_until = absl::InfiniteFuture();

  bool operator==(const IdpMetadata&) const = default;
};

// Reads an EntityDescriptor with an IDPSSODescriptor, or an EntitiesDescriptor that holds exactly
// one. Its own signature is not verified: metadata is trusted as it is configured. Keys with
// `use="encryption"` are left out. INVALID_ARGUMENT says what is wrong.
absl::StatusOr<IdpMetadata> ParseMetadata(absl::string_view xml);

// A time of xs:dateTime in UTC, as SAML demands: "2026-11-30T12:00:00.123Z". INVALID_ARGUMENT.
absl::StatusOr<absl::Time> ParseSamlTime(absl::string_view text);

}  // namespace countersign::authn::saml
