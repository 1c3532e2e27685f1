#include "services/authn/saml/testing/saml_signer.h"

#include <catch2/catch.hpp>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "libs/crypto/hash.h"

namespace countersign::authn::saml::testing {
namespace {

constexpr char kAssertionDeclaration[] = R"( xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion")";
constexpr char kProtocolDeclaration[] = R"( xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol")";

std::string AssertionXml(const AssertionParts& parts, const std::string& signature) {
  return absl::StrCat("<saml:Assertion", kAssertionDeclaration, " ID=\"", parts.id,
                      "\" IssueInstant=\"", parts.issue_instant, "\" Version=\"2.0\"><saml:Issuer>",
                      parts.issuer, "</saml:Issuer>", signature, "<saml:Subject>", parts.name_id,
                      parts.confirmation, "</saml:Subject>", parts.conditions, parts.statements,
                      "</saml:Assertion>");
}

std::string ResponseXml(const ResponseParts& parts, const std::string& instant,
                        const std::string& assertion, const std::string& signature) {
  return absl::StrCat("<samlp:Response", kProtocolDeclaration, parts.attributes, " ID=\"", parts.id,
                      "\" IssueInstant=\"", instant, "\" Version=\"2.0\"><saml:Issuer",
                      kAssertionDeclaration, ">", parts.issuer, "</saml:Issuer>", signature,
                      "<samlp:Status><samlp:StatusCode Value=\"", parts.status,
                      "\"></samlp:StatusCode></samlp:Status>", assertion, "</samlp:Response>");
}

}  // namespace

std::string Timestamp(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

std::string Conditions(absl::Time not_before, absl::Time not_on_or_after,
                       const std::string& children) {
  return absl::StrCat("<saml:Conditions NotBefore=\"", Timestamp(not_before), "\" NotOnOrAfter=\"",
                      Timestamp(not_on_or_after), "\">", children, "</saml:Conditions>");
}

std::string AudienceRestriction(const std::string& audience) {
  return absl::StrCat("<saml:AudienceRestriction><saml:Audience>", audience,
                      "</saml:Audience></saml:AudienceRestriction>");
}

std::string Confirmation(const std::string& data_attributes) {
  return absl::StrCat(
      R"(<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">)",
      "<saml:SubjectConfirmationData ", data_attributes,
      "></saml:SubjectConfirmationData></saml:SubjectConfirmation>");
}

AssertionParts MakeAssertion(absl::Time now, const std::string& subject,
                             const std::map<std::string, std::vector<std::string>>& attributes) {
  AssertionParts parts;
  parts.issue_instant = Timestamp(now);
  parts.name_id = absl::StrCat("<saml:NameID>", subject, "</saml:NameID>");
  const absl::Time expiry = now + absl::Minutes(5);
  parts.confirmation = Confirmation(
      absl::StrCat("NotOnOrAfter=\"", Timestamp(expiry), "\" Recipient=\"", kRecipient, "\""));
  parts.conditions = Conditions(now, expiry, AudienceRestriction(kAudience));
  parts.statements = absl::StrCat(
      "<saml:AuthnStatement AuthnInstant=\"", Timestamp(now),
      "\"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:",
      "PasswordProtectedTransport</saml:AuthnContextClassRef></saml:AuthnContext>",
      "</saml:AuthnStatement>");
  if (attributes.empty()) return parts;
  absl::StrAppend(&parts.statements, "<saml:AttributeStatement>");
  for (const auto& [name, values] : attributes) {
    absl::StrAppend(&parts.statements, "<saml:Attribute Name=\"", name, "\">");
    for (const std::string& value : values) {
      absl::StrAppend(&parts.statements, "<saml:AttributeValue>", value, "</saml:AttributeValue>");
    }
    absl::StrAppend(&parts.statements, "</saml:Attribute>");
  }
  absl::StrAppend(&parts.statements, "</saml:AttributeStatement>");
  return parts;
}

SamlSigner::SamlSigner(crypto::TestSigner signer) : signer_(std::move(signer)) {}

std::string SamlSigner::Metadata(const std::string& entity_id,
                                 const std::string& attributes) const {
  return absl::StrCat(
      R"(<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID=")",
      entity_id, "\"", attributes,
      R"(><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">)",
      R"(<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">)",
      "<ds:X509Data><ds:X509Certificate>", absl::Base64Escape(signer_.Certificate()),
      "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>",
      R"(<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST")",
      R"( Location="https://idp.example/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>)");
}

IdpMetadata SamlSigner::ParsedMetadata() const {
  auto metadata = ParseMetadata(Metadata());
  REQUIRE(metadata.ok());
  return *std::move(metadata);
}

std::string SamlSigner::Signature(absl::string_view id, absl::string_view bytes) const {
  const bool rsa = signer_.type() == crypto::KeyType::kRsa;
  const std::string info = absl::StrCat(
      R"(<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:CanonicalizationMethod )",
      R"(Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:CanonicalizationMethod>)",
      R"(<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#)",
      rsa ? "rsa" : "ecdsa", R"(-sha256"></ds:SignatureMethod><ds:Reference URI="#)", id,
      R"("><ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#)",
      R"(enveloped-signature"></ds:Transform><ds:Transform Algorithm="http://www.w3.org/2001/10/)",
      R"(xml-exc-c14n#"></ds:Transform></ds:Transforms><ds:DigestMethod Algorithm=)",
      R"("http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod><ds:DigestValue>)",
      absl::Base64Escape(crypto::Sha256(bytes)),
      "</ds:DigestValue></ds:Reference></ds:SignedInfo>");
  const std::string value = signer_.Sign(
      rsa ? crypto::SignatureAlgorithm::kRs256 : crypto::SignatureAlgorithm::kEs256, info);
  // Within the Signature, which declares it, SignedInfo's own declaration is not canonical.
  constexpr absl::string_view kDeclaration = R"( xmlns:ds="http://www.w3.org/2000/09/xmldsig#")";
  return absl::StrCat("<ds:Signature", kDeclaration, "><ds:SignedInfo",
                      info.substr(14 + kDeclaration.size()), "<ds:SignatureValue>",
                      absl::Base64Escape(value), "</ds:SignatureValue></ds:Signature>");
}

std::string SamlSigner::SignedAssertion(const AssertionParts& parts) const {
  return AssertionXml(parts, Signature(parts.id, AssertionXml(parts, "")));
}

std::string SamlSigner::Response(const AssertionParts& parts, Signed where,
                                 const ResponseParts& response) const {
  const bool sign_assertion = where == Signed::kAssertion || where == Signed::kBoth;
  const std::string assertion = sign_assertion ? SignedAssertion(parts) : AssertionXml(parts, "");
  const std::string plain = ResponseXml(response, parts.issue_instant, assertion, "");
  if (where == Signed::kAssertion || where == Signed::kNothing) return plain;
  return ResponseXml(response, parts.issue_instant, assertion, Signature(response.id, plain));
}

}  // namespace countersign::authn::saml::testing
