#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/authn/saml/xml_document.h"

struct _xmlSecKey;

namespace countersign::authn::saml {

// A key that verifies an identity provider's signatures. Immutable, cheap to copy, thread-safe.
class VerificationKey {
 public:
  // From a DER certificate, which only carries the key: its dates, names and issuer are not read.
  // INVALID_ARGUMENT unless the key is RSA of 2048 to 8192 bits, or on P-256 or P-384.
  static absl::StatusOr<VerificationKey> FromCertificate(absl::string_view der);

  bool operator==(const VerificationKey& other) const { return der_ == other.der_; }
  _xmlSecKey* key() const { return key_.get(); }

 private:
  VerificationKey(std::string der, std::shared_ptr<_xmlSecKey> key)
      : der_(std::move(der)), key_(std::move(key)) {}
  std::string der_;
  std::shared_ptr<_xmlSecKey> key_;
};

// The Signature that is a child of `element` where the schema has it: right after its Issuer, or
// first if it has none. Null if there is none there.
Element FindSignature(Element element);

// Verifies `signature`, the Signature of `element`, with one of `keys`, and returns the bytes that
// it covers: `element` without the signature in exclusive canonical form. Callers read only these
// bytes.
//
// Refuses every form but one: a single Reference to the ID of `element`, the transforms
// enveloped-signature and exc-c14n in this order, exc-c14n of SignedInfo, RSA PKCS #1 v1.5 with
// SHA-256, 384 or 512 or ECDSA with SHA-256 or 384, and no Object. KeyInfo is ignored. Reasons:
// saml_signature_form, saml_algorithm_refused, signature_invalid.
absl::StatusOr<std::string> VerifySignature(Element element, Element signature,
                                            const std::vector<VerificationKey>& keys);

}  // namespace countersign::authn::saml
