#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/domain/principal.h"
#include "libs/domain/resources.h"
#include "libs/jose/jwt.h"
#include "services/authn/access_keys/key_store.h"
#include "services/authn/saml/assertion.h"

namespace countersign::authn::directory {

// The issuer of principals that authenticated with an access key; their subject is the identity.
inline constexpr absl::string_view kKeyIssuer = "countersign";

// The identity of the built-in administrator. Its access keys have the roles admin and auditor
// whatever the resources say, also before there are any, so that no apply can lock the
// administrator out. A token never gets these roles by matching an Identity of that name.
inline constexpr absl::string_view kBuiltInAdmin = "admin";

// One configured issuer.
struct TokenIssuer {
  std::string provider;  // name of the IdentityProvider
  jose::Expectations expectations;
  std::string jwks_uri;  // empty: from discovery
  std::string groups_claim;
  std::string name_claim;
  domain::OidcProfile profile = domain::OidcProfile::kAny;
};

// One configured SAML identity provider.
struct SamlProvider {
  std::string provider;  // name of the IdentityProvider
  saml::Expectations expectations;
  std::shared_ptr<const saml::IdpMetadata> metadata;  // null: fetched from metadata_url
  std::string metadata_url;
  std::string issuer;  // the entityID that the metadata must have; "" for any when it is fetched
  std::string groups_attribute;
  std::string subject_attribute;  // "": the NameID
  std::string name_attribute;
  bool signs_in_people = false;
};

// Maps verified credentials to principals, for one version of the resources. Immutable,
// thread-safe.
class Directory {
 public:
  // INVALID_ARGUMENT lists every mistake, one per line, as `IdentityProvider/x: spec.…`: an issuer
  // that CheckIssuerUrl refuses, metadata that cannot be read, an issuer shared by two providers,
  // an Identity whose provider does not exist.
  static absl::StatusOr<std::shared_ptr<const Directory>> Compile(
      std::shared_ptr<const domain::ResourceSet> resources);

  const std::vector<TokenIssuer>& issuers() const { return issuers_; }
  const TokenIssuer* FindIssuer(absl::string_view issuer) const;
  const std::vector<SamlProvider>& saml_providers() const { return saml_providers_; }
  // The provider with this entityID in its configuration; one whose metadata is fetched may have it
  // only there.
  const SamlProvider* FindSamlProvider(absl::string_view issuer) const;
  const domain::Identity* FindIdentity(absl::string_view name) const;  // null: there is none
  const domain::ResourceSet& resources() const { return *resources_; }

  // The principal of a verified token. The Identity is the most specific one that matches: one with
  // a subject before one without, then the one with more claims; two equally specific ones refuse
  // the token. A token that matches no Identity gives a principal without identity: its groups are
  // the token's, its roles come from bindings of those groups, and its kind is human only when the
  // token proves a person as its issuer's profile defines (person_proof.h).
  absl::StatusOr<domain::Principal> FromToken(const TokenIssuer& issuer,
                                              const jose::VerifiedToken& token) const;

  // The principal of a verified assertion, by the same rules: its attributes are the claims. The
  // subject is the value of the provider's subjectAttribute, or else of the NameID. UNAUTHENTICATED
  // `saml_subject` when there is none that stays the same from one sign-in to the next. The kind is
  // human only when an Identity defines it, or when the assertion says that its subject signed in
  // and the provider signs in people alone.
  absl::StatusOr<domain::Principal> FromAssertion(const SamlProvider& provider,
                                                  const saml::Assertion& assertion) const;

  // OK while the Identity of an access key exists. UNAUTHENTICATED `identity_unknown` when it does
  // not, `identity_replaced` when another Identity has its name now. The built-in administrator's
  // keys need no Identity.
  absl::Status CheckIdentity(const access_keys::KeyRecord& key) const;

  // The principal of an active access key. Errors: those of CheckIdentity.
  absl::StatusOr<domain::Principal> FromKey(const access_keys::KeyRecord& key) const;

  // The same before any resources were served: only the built-in administrator is known.
  static absl::StatusOr<domain::Principal> FromKeyWithoutResources(
      const access_keys::KeyRecord& key);

 private:
  explicit Directory(std::shared_ptr<const domain::ResourceSet> resources)
      : resources_(std::move(resources)) {}
  // A principal without kind and roles, and the Identity that matches, or null.
  struct Matched {
    domain::Principal principal;
    const domain::Identity* identity = nullptr;
  };
  absl::StatusOr<Matched> MatchToken(const std::string& provider, const std::string& groups_claim,
                                     const jose::VerifiedToken& token) const;
  absl::StatusOr<const domain::Identity*> Match(const std::string& provider,
                                                const jose::VerifiedToken& token) const;
  void AddProvider(const domain::IdentityProvider& provider, std::vector<std::string>& mistakes);

  std::shared_ptr<const domain::ResourceSet> resources_;
  std::vector<TokenIssuer> issuers_;
  std::vector<SamlProvider> saml_providers_;
  std::map<std::string, std::vector<const domain::Identity*>> identities_by_provider_;
};

}  // namespace countersign::authn::directory
