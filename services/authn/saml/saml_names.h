#pragma once

#include "absl/strings/string_view.h"

// Names of SAML 2.0 (core, bindings, metadata) and of XML Signature, and the reasons for refusals.
namespace countersign::authn::saml {

inline constexpr absl::string_view kProtocolNs = "urn:oasis:names:tc:SAML:2.0:protocol";
inline constexpr absl::string_view kAssertionNs = "urn:oasis:names:tc:SAML:2.0:assertion";
inline constexpr absl::string_view kMetadataNs = "urn:oasis:names:tc:SAML:2.0:metadata";
inline constexpr absl::string_view kSignatureNs = "http://www.w3.org/2000/09/xmldsig#";
inline constexpr absl::string_view kExclusiveC14n = "http://www.w3.org/2001/10/xml-exc-c14n#";
inline constexpr absl::string_view kPostBinding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

inline constexpr absl::string_view kStatusSuccess = "urn:oasis:names:tc:SAML:2.0:status:Success";
inline constexpr absl::string_view kBearerMethod = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
inline constexpr absl::string_view kTransientFormat =
    "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
inline constexpr absl::string_view kEntityFormat =
    "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";

// Those that JWTs are refused with too have the codes of libs/jose/jwt.h.
namespace reason {
// Before the signature was verified.
inline constexpr absl::string_view kTooLarge = "saml_too_large";
inline constexpr absl::string_view kMalformed = "saml_malformed";
inline constexpr absl::string_view kForbiddenXml = "saml_xml_forbidden";
inline constexpr absl::string_view kDuplicateId = "saml_duplicate_id";
inline constexpr absl::string_view kStructure = "saml_structure";
inline constexpr absl::string_view kEncrypted = "saml_encrypted";
inline constexpr absl::string_view kUnsigned = "saml_unsigned";
inline constexpr absl::string_view kSignatureForm = "saml_signature_form";
inline constexpr absl::string_view kAlgorithm = "saml_algorithm_refused";
inline constexpr absl::string_view kSignature = "signature_invalid";
// After the signature was verified.
inline constexpr absl::string_view kIssuer = "issuer_unknown";
inline constexpr absl::string_view kStatus = "saml_status";
inline constexpr absl::string_view kSubject = "saml_subject";
inline constexpr absl::string_view kConfirmation = "saml_subject_confirmation";
inline constexpr absl::string_view kRecipient = "saml_recipient";
inline constexpr absl::string_view kInResponseTo = "saml_in_response_to";
inline constexpr absl::string_view kCondition = "saml_condition";
inline constexpr absl::string_view kAudienceMissing = "audience_missing";
inline constexpr absl::string_view kAudience = "audience_mismatch";
inline constexpr absl::string_view kExpired = "credential_expired";
inline constexpr absl::string_view kNotYetValid = "saml_not_yet_valid";
inline constexpr absl::string_view kAttribute = "saml_attribute";
inline constexpr absl::string_view kMetadataExpired = "saml_metadata_expired";
inline constexpr absl::string_view kOneTimeUse = "saml_one_time_use";
inline constexpr absl::string_view kReplayed = "assertion_replayed";
}  // namespace reason

}  // namespace countersign::authn::saml
