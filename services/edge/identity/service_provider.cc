#include "services/edge/identity/service_provider.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"

namespace countersign::edge::identity {
namespace {

std::string Escaped(absl::string_view text) {
  return absl::StrReplaceAll(text,
                             {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

// A host and port; anything else does not belong into a URL.
bool IsHost(absl::string_view host) {
  for (const char c : host) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) &&
        !absl::StrContains(".-:[]", absl::string_view(&c, 1))) {
      return false;
    }
  }
  return !host.empty() && host.size() <= 255;
}

absl::StatusOr<const domain::IdentityProvider*> FindProvider(const domain::ResourceSet& resources,
                                                             absl::string_view query) {
  const bool named = absl::ConsumePrefix(&query, "provider=");
  std::vector<const domain::IdentityProvider*> found;
  for (const auto& [name, provider] : resources.identity_providers) {
    if (provider.saml && (!named || name == query)) found.push_back(&provider);
  }
  if (found.size() == 1) return found[0];
  return absl::NotFoundError(found.empty() ? "there is no such IdentityProvider with saml"
                                           : "there is more than one: ask for ?provider=NAME");
}

}  // namespace

absl::StatusOr<std::string> ServiceProviderMetadata(const domain::ResourceSet& resources,
                                                    absl::string_view query,
                                                    absl::string_view host) {
  const auto provider = FindProvider(resources, query);
  if (!provider.ok()) return provider.status();
  const domain::IdentityProvider::Saml& saml = *(*provider)->saml;
  std::vector<std::string> recipients = saml.recipients;
  if (recipients.empty()) {
    if (!IsHost(host)) return absl::NotFoundError("the request names no host");
    recipients.push_back(absl::StrCat("https://", host, "/oauth2/token"));
  }
  std::string services;
  for (std::size_t i = 0; i < recipients.size(); ++i) {
    absl::StrAppend(&services,
                    "<md:AssertionConsumerService "
                    "Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"",
                    Escaped(recipients[i]), "\" index=\"", i, "\"/>");
  }
  return absl::StrCat(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<md:EntityDescriptor "
      "xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"",
      Escaped(saml.audience),
      "\"><md:SPSSODescriptor AuthnRequestsSigned=\"false\" WantAssertionsSigned=\"true\" "
      "protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"><md:NameIDFormat>"
      "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>",
      services, "</md:SPSSODescriptor></md:EntityDescriptor>\n");
}

}  // namespace countersign::edge::identity
