#include "services/authn/saml/assertion.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "services/authn/saml/assertion_claims.h"
#include "services/authn/saml/saml_names.h"

namespace countersign::authn::saml {
namespace {

// A Signature, or anything of XML Signature, stands only where FindSignature finds it. Assertions
// stand only in the Response, also those of other namespaces: a later reader might take them.
absl::Status CheckPlaces(const XmlDocument& document, Element response, Element assertion) {
  const Element signatures[] = {response ? FindSignature(response) : Element(),
                                FindSignature(assertion)};
  for (const Element& element : document.Elements()) {
    const bool is_signature = absl::EqualsIgnoreCase(element.name(), "Signature");
    if (is_signature && element != signatures[0] && element != signatures[1]) {
      return Refuse(reason::kStructure, "a Signature is not where the schema has it");
    }
    if (element.ns() == kSignatureNs && !is_signature &&
        (!element.parent() || element.parent().ns() != kSignatureNs)) {
      return Refuse(reason::kStructure, "a part of a signature is outside of a Signature");
    }
    const bool is_message = absl::EqualsIgnoreCase(element.name(), "Assertion") ||
                            absl::EqualsIgnoreCase(element.name(), "Response");
    if (is_message && element != response && element != assertion) {
      return Refuse(reason::kStructure, "there is more than one assertion or response");
    }
  }
  return absl::OkStatus();
}

// What is encrypted is unknown: groups that cannot be read are not "no groups".
absl::Status CheckNothingEncrypted(const XmlDocument& document) {
  for (const Element& element : document.Elements()) {
    if (absl::StartsWith(element.name(), "Encrypted")) {
      return Refuse(reason::kEncrypted,
                    "encrypted assertions, names and attributes are not accepted: let the "
                    "provider sign without encrypting");
    }
  }
  return absl::OkStatus();
}

// The assertion of a Response.
absl::StatusOr<Element> FindAssertion(Element response) {
  const Element assertion = response.OnlyChild(kAssertionNs, "Assertion");
  if (assertion) return assertion;
  if (!response.Children(kAssertionNs, "Assertion").empty()) {
    return Refuse(reason::kStructure, "there is more than one assertion");
  }
  // Without one, the status says why.
  CS_RETURN_IF_ERROR(CheckStatus(response));
  return Refuse(reason::kStructure, "the response holds no assertion");
}

// The Response or Assertion that `bytes` consist of, or an error.
absl::StatusOr<XmlDocument> ReadSigned(const std::string& bytes, Element original) {
  CS_ASSIGN_OR_RETURN(XmlDocument signed_document, XmlDocument::Parse(bytes));
  const Element root = signed_document.root();
  if (!root.Is(original.ns(), original.name()) ||
      root.Attribute("ID") != original.Attribute("ID")) {
    return Refuse(reason::kStructure, "the signature covers another element");
  }
  return signed_document;
}

}  // namespace

absl::StatusOr<UnverifiedMessage> UnverifiedMessage::Parse(absl::string_view xml) {
  CS_ASSIGN_OR_RETURN(XmlDocument document, XmlDocument::Parse(xml));
  UnverifiedMessage message(std::move(document));
  CS_RETURN_IF_ERROR(CheckNothingEncrypted(message.document_));
  const Element root = message.document_.root();
  if (root.Is(kProtocolNs, "Response")) {
    message.response_ = root;
    CS_ASSIGN_OR_RETURN(message.assertion_, FindAssertion(root));
  } else if (root.Is(kAssertionNs, "Assertion")) {
    message.assertion_ = root;
  } else {
    return Refuse(reason::kStructure, "the document is neither a Response nor an Assertion");
  }
  CS_RETURN_IF_ERROR(CheckPlaces(message.document_, message.response_, message.assertion_));
  const Element issuer = message.assertion_.OnlyChild(kAssertionNs, "Issuer");
  if (!issuer) return Refuse(reason::kStructure, "the assertion does not have one Issuer");
  message.issuer_ = issuer.Text();
  return message;
}

absl::StatusOr<Assertion> VerifyMessage(const UnverifiedMessage& message,
                                        const IdpMetadata& provider,
                                        const Expectations& expectations, absl::Time now) {
  if (now >= provider.valid_until) {
    return Refuse(reason::kMetadataExpired,
                  "the provider's metadata is no longer valid: apply its current metadata");
  }
  Element response = message.response_;
  Element assertion = message.assertion_;
  const Element response_signature = response ? FindSignature(response) : Element();
  const Element assertion_signature = FindSignature(assertion);
  if (!response_signature && !assertion_signature) {
    return Refuse(reason::kUnsigned, "neither the assertion nor the response is signed");
  }
  // Keeps the signed bytes' documents while their elements are read.
  std::vector<XmlDocument> signed_documents;
  if (response_signature) {
    CS_ASSIGN_OR_RETURN(const std::string bytes,
                        VerifySignature(response, response_signature, provider.keys));
    CS_ASSIGN_OR_RETURN(XmlDocument document, ReadSigned(bytes, response));
    signed_documents.push_back(std::move(document));
  }
  if (assertion_signature) {
    CS_ASSIGN_OR_RETURN(const std::string bytes,
                        VerifySignature(assertion, assertion_signature, provider.keys));
    CS_ASSIGN_OR_RETURN(XmlDocument document, ReadSigned(bytes, assertion));
    assertion = document.root();
    signed_documents.push_back(std::move(document));
  }
  if (response_signature) {
    response = signed_documents.front().root();
    if (!assertion_signature) assertion = response.OnlyChild(kAssertionNs, "Assertion");
    if (!assertion) return Refuse(reason::kStructure, "the signed response holds no assertion");
  }
  if (response) {
    // Without a signature of its own, a response can only be a reason to refuse.
    CS_RETURN_IF_ERROR(CheckResponse(response, provider.entity_id, expectations));
  }
  return ReadAssertion(assertion, provider.entity_id, expectations, now);
}

}  // namespace countersign::authn::saml
