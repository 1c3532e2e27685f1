#pragma once

#include <string>

#include "absl/strings/escaping.h"
#include "libs/domain/resources.h"
#include "services/authn/saml/testing/saml_signer.h"

// A SAML provider's resource, for authn's tests.
namespace countersign::authn::testing {

// The provider `sso`, with the metadata of `idp`.
inline domain::IdentityProvider SamlProvider(const saml::testing::SamlSigner& idp,
                                             const std::string& name = "sso") {
  domain::IdentityProvider provider;
  provider.name = name;
  provider.saml = domain::IdentityProvider::Saml();
  provider.saml->metadata = idp.Metadata();
  provider.saml->audience = saml::testing::kAudience;
  return provider;
}

inline std::string Encoded(const std::string& xml) { return absl::WebSafeBase64Escape(xml); }

}  // namespace countersign::authn::testing
