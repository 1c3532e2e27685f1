#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/config/field_checks.h"
#include "libs/config/kinds.h"

namespace countersign::config {
namespace {

domain::IdentityProvider::Oidc ReadOidc(Fields& oidc) {
  domain::IdentityProvider::Oidc out;
  out.issuer = oidc.Required("issuer");
  CheckUrl(oidc, "issuer", out.issuer);
  out.audiences = RequiredStrings(oidc, "audiences");
  out.jwks_uri = oidc.String("jwksUri");
  CheckUrl(oidc, "jwksUri", out.jwks_uri);
  static const std::set<std::string> kAlgorithms = {"RS256", "RS384", "RS512", "PS256", "PS384",
                                                    "PS512", "ES256", "ES384", "EdDSA"};
  if (oidc.Has("algorithms")) out.algorithms = RequiredStrings(oidc, "algorithms");
  for (const std::string& algorithm : out.algorithms) {
    if (kAlgorithms.count(algorithm) == 0) {
      oidc.Mistake("algorithms", absl::StrCat("\"", algorithm, "\" is not accepted"));
    }
  }
  out.groups_claim = oidc.String("groupsClaim", out.groups_claim);
  out.subject_claim = oidc.String("subjectClaim", out.subject_claim);
  out.name_claim = oidc.String("nameClaim", out.name_claim);
  out.profile = domain::OidcProfileFromString(oidc.Choice(
      "profile", {"JWT", "at+jwt", "auth-time", "auth0", "entra", "google", "keycloak", "okta"}));
  return out;
}

// A metadata URL may have a query: Entra's names the application in it.
void CheckMetadataUrl(Fields& saml, absl::string_view url) {
  CheckUrl(saml, "metadataUrl", url.substr(0, url.find('?')));
}

domain::IdentityProvider::Saml ReadSaml(Fields& saml) {
  domain::IdentityProvider::Saml out;
  out.metadata = saml.String("metadata");
  out.metadata_url = saml.String("metadataUrl");
  const bool file = saml.Has("metadataFile");
  const int sources = int{saml.Has("metadata")} + int{file} + int{saml.Has("metadataUrl")};
  if (sources != 1) {
    saml.Mistake("", "needs exactly one of metadata, metadataFile, metadataUrl");
  } else if (file) {
    // Clients send what is in the file.
    saml.Mistake("metadataFile", "is read by the countersign command: apply the file with it");
  } else if (out.metadata.empty() && out.metadata_url.empty()) {
    saml.Mistake(saml.Has("metadata") ? "metadata" : "metadataUrl", "must not be empty");
  }
  CheckMetadataUrl(saml, out.metadata_url);
  out.audience = saml.Required("audience");
  if (saml.Has("recipients")) out.recipients = RequiredStrings(saml, "recipients");
  out.issuer = saml.String("issuer");
  out.groups_attribute = saml.String("groupsAttribute", out.groups_attribute);
  out.subject_attribute = saml.String("subjectAttribute");
  out.name_attribute = saml.String("nameAttribute");
  out.signs_in_people = saml.Choice("profile", {"authn-statement"}) == "authn-statement";
  if (out.signs_in_people && out.issuer.empty()) {
    saml.Mistake("issuer", "is required with profile: the provider's entityID");
  }
  return out;
}

}  // namespace

domain::IdentityProvider ReadIdentityProvider(std::string name, Fields& spec) {
  domain::IdentityProvider provider;
  provider.name = std::move(name);
  if (spec.Has("oidc") == spec.Has("saml")) {
    spec.Mistake("", spec.Has("oidc") ? "needs oidc or saml, not both" : "needs oidc or saml");
  }
  if (spec.Has("oidc")) {
    Fields oidc = spec.Nested("oidc");
    provider.oidc = ReadOidc(oidc);
  }
  if (spec.Has("saml")) {
    Fields saml = spec.Nested("saml");
    provider.saml = ReadSaml(saml);
  }
  return provider;
}

}  // namespace countersign::config
