#include "services/authn/saml/metadata.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "libs/base/status.h"
#include "services/authn/saml/saml_names.h"

namespace countersign::authn::saml {
namespace {

constexpr std::size_t kMaxEntityIdBytes = 1024;  // SAML metadata 2.0, section 2.3.2

absl::StatusOr<VerificationKey> ReadKey(Element certificate) {
  std::string base64 = certificate.Text();
  std::erase_if(base64, [](unsigned char c) { return absl::ascii_isspace(c); });
  std::string der;
  if (base64.empty() || !absl::Base64Unescape(base64, &der)) {
    return absl::InvalidArgumentError("a signing certificate is not base64");
  }
  return VerificationKey::FromCertificate(der);
}

absl::Status ReadKeys(Element role, std::vector<VerificationKey>& keys) {
  for (const Element& descriptor : role.Children(kMetadataNs, "KeyDescriptor")) {
    if (descriptor.Attribute("use").value_or("signing") != "signing") continue;
    const Element info = descriptor.OnlyChild(kSignatureNs, "KeyInfo");
    if (!info) continue;
    for (const Element& data : info.Children(kSignatureNs, "X509Data")) {
      for (const Element& certificate : data.Children(kSignatureNs, "X509Certificate")) {
        CS_ASSIGN_OR_RETURN(VerificationKey key, ReadKey(certificate));
        if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(std::move(key));
      }
    }
  }
  if (keys.empty()) return absl::InvalidArgumentError("there is no certificate for signing");
  if (keys.size() > kMaxSigningKeys) {
    return absl::InvalidArgumentError(
        absl::StrCat("there are over ", kMaxSigningKeys, " certificates for signing"));
  }
  return absl::OkStatus();
}

absl::Status ReadValidity(Element element, IdpMetadata& metadata) {
  const auto text = element.Attribute("validUntil");
  if (!text) return absl::OkStatus();
  CS_ASSIGN_OR_RETURN(const absl::Time until, ParseSamlTime(*text));
  metadata.valid_until = std::min(metadata.valid_until, until);
  return absl::OkStatus();
}

// The descriptors of entities within `element` that are identity providers.
std::vector<Element> FindProviders(const XmlDocument& document) {
  std::vector<Element> found;
  for (const Element& element : document.Elements()) {
    if (!element.Is(kMetadataNs, "EntityDescriptor")) continue;
    if (!element.Children(kMetadataNs, "IDPSSODescriptor").empty()) found.push_back(element);
  }
  return found;
}

absl::StatusOr<IdpMetadata> ReadProvider(Element entity) {
  IdpMetadata metadata;
  metadata.entity_id = entity.Attribute("entityID").value_or("");
  if (metadata.entity_id.empty() || metadata.entity_id.size() > kMaxEntityIdBytes) {
    return absl::InvalidArgumentError("the entityID is missing or over 1,024 bytes");
  }
  const Element role = entity.OnlyChild(kMetadataNs, "IDPSSODescriptor");
  if (!role) return absl::InvalidArgumentError("there is more than one IDPSSODescriptor");
  for (Element element = role; element; element = element.parent()) {
    CS_RETURN_IF_ERROR(ReadValidity(element, metadata));
  }
  CS_RETURN_IF_ERROR(ReadKeys(role, metadata.keys));
  for (const Element& service : role.Children(kMetadataNs, "SingleSignOnService")) {
    if (service.Attribute("Binding").value_or("") == kPostBinding) {
      metadata.post_sso_url = service.Attribute("Location").value_or("");
    }
  }
  return metadata;
}

}  // namespace

absl::StatusOr<IdpMetadata> ParseMetadata(absl::string_view xml) {
  const auto document = XmlDocument::Parse(xml, kMaxMetadataBytes, Comments::kIgnored);
  if (!document.ok()) return absl::InvalidArgumentError(document.status().message());
  const std::vector<Element> providers = FindProviders(*document);
  if (providers.empty()) {
    return absl::InvalidArgumentError("it has no EntityDescriptor with an IDPSSODescriptor");
  }
  if (providers.size() > 1) {
    return absl::InvalidArgumentError("it describes more than one identity provider");
  }
  return ReadProvider(providers[0]);
}

absl::StatusOr<absl::Time> ParseSamlTime(absl::string_view text) {
  absl::Time time;
  std::string error;
  // The sizes bound what "%E*S" and a year may be.
  if (text.size() < 20 || text.size() > 40 || text[4] != '-' ||
      !absl::ParseTime("%Y-%m-%dT%H:%M:%E*SZ", text, &time, &error)) {
    return absl::InvalidArgumentError("a time is not of the form 2026-01-31T12:00:00Z");
  }
  return time;
}

}  // namespace countersign::authn::saml
