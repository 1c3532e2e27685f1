#include "services/authn/saml/signed_element.h"

#include <libxml/tree.h>
#include <libxml/valid.h>
#include <xmlsec/app.h>
#include <xmlsec/crypto.h>
#include <xmlsec/errors.h>
#include <xmlsec/io.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmlsec.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/crypto/certificate.h"
#include "services/authn/saml/saml_names.h"

namespace countersign::authn::saml {
namespace {

constexpr std::array<absl::string_view, 5> kSignatureMethods = {
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384"};
constexpr std::array<absl::string_view, 3> kDigestMethods = {
    "http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2001/04/xmldsig-more#sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512"};
constexpr absl::string_view kEnveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

void DropError(const char*, int, const char*, const char*, const char*, int, const char*) {}

bool InitializeOnce() {
  xmlInitParser();
  const bool ok = xmlSecInit() >= 0 && xmlSecCryptoAppInit(nullptr) >= 0 && xmlSecCryptoInit() >= 0;
  // Its messages would hold parts of documents.
  xmlSecErrorsSetCallback(DropError);
  // No scheme can be read: neither files nor http.
  xmlSecIOCleanupCallbacks();
  return ok;
}

// Before any other use of xmlsec.
bool Initialize() {
  static const bool done = InitializeOnce();
  return done;
}

absl::Status BadForm(absl::string_view what) {
  return Refuse(reason::kSignatureForm, absl::StrCat("the signature's ", what));
}

template <std::size_t N>
bool Contains(const std::array<absl::string_view, N>& values, absl::string_view value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

std::string Algorithm(Element element) { return element.Attribute("Algorithm").value_or(""); }

// Whether the children of `element` are exactly `names`, all of XML Signature.
bool HasExactly(Element element, std::initializer_list<absl::string_view> names) {
  const std::vector<Element> children = element.Children();
  return std::equal(
      children.begin(), children.end(), names.begin(), names.end(),
      [](Element child, absl::string_view name) { return child.Is(kSignatureNs, name); });
}

// exc-c14n may name prefixes to keep; nothing else is within it.
bool IsExclusiveC14n(Element element) {
  const std::vector<Element> children = element.Children();
  return Algorithm(element) == kExclusiveC14n &&
         (children.empty() ||
          (children.size() == 1 && children[0].Is(kExclusiveC14n, "InclusiveNamespaces") &&
           children[0].Children().empty()));
}

absl::Status CheckReference(Element reference, absl::string_view id) {
  if (!HasExactly(reference, {"Transforms", "DigestMethod", "DigestValue"})) {
    return BadForm("Reference needs exactly Transforms, DigestMethod and DigestValue");
  }
  if (id.empty() || reference.Attribute("URI").value_or("") != absl::StrCat("#", id)) {
    return BadForm("Reference does not name the ID of the element that holds the signature");
  }
  const std::vector<Element> parts = reference.Children();
  const std::vector<Element> transforms = parts[0].Children();
  if (!HasExactly(parts[0], {"Transform", "Transform"}) || Algorithm(transforms[0]) != kEnveloped ||
      !transforms[0].Children().empty() || !IsExclusiveC14n(transforms[1])) {
    return BadForm("transforms are not enveloped-signature and exc-c14n");
  }
  if (!Contains(kDigestMethods, Algorithm(parts[1]))) {
    return Refuse(reason::kAlgorithm, "the signature's digest is not SHA-256, 384 or 512");
  }
  if (!parts[1].Children().empty() || !parts[2].Children().empty()) {
    return BadForm("digest holds elements");
  }
  return absl::OkStatus();
}

absl::Status CheckForm(Element signature, absl::string_view id) {
  if (!HasExactly(signature, {"SignedInfo", "SignatureValue"}) &&
      !HasExactly(signature, {"SignedInfo", "SignatureValue", "KeyInfo"})) {
    return BadForm("parts are not SignedInfo, SignatureValue and KeyInfo");
  }
  const std::vector<Element> parts = signature.Children();
  if (!HasExactly(parts[0], {"CanonicalizationMethod", "SignatureMethod", "Reference"})) {
    return BadForm("SignedInfo does not have exactly one Reference");
  }
  if (!parts[1].Children().empty()) return BadForm("SignatureValue holds elements");
  const std::vector<Element> info = parts[0].Children();
  if (!IsExclusiveC14n(info[0])) return BadForm("SignedInfo is not canonicalised by exc-c14n");
  if (!Contains(kSignatureMethods, Algorithm(info[1]))) {
    return Refuse(reason::kAlgorithm,
                  "the signature's algorithm is not RSA or ECDSA with SHA-256 or better");
  }
  if (!info[1].Children().empty()) return BadForm("SignatureMethod holds elements");
  return CheckReference(info[2], id);
}

// Lets `id` lead to `element` and to nothing else, while it lives.
class RegisteredId {
 public:
  RegisteredId(Element element, const std::string& id)
      : doc_(element.node()->doc),
        attribute_(xmlHasProp(element.node(), reinterpret_cast<const xmlChar*>("ID"))) {
    xmlAddID(nullptr, doc_, reinterpret_cast<const xmlChar*>(id.c_str()), attribute_);
  }
  ~RegisteredId() { xmlRemoveID(doc_, attribute_); }
  RegisteredId(const RegisteredId&) = delete;
  RegisteredId& operator=(const RegisteredId&) = delete;

  bool LeadsTo(Element element, const std::string& id) const {
    const xmlAttr* found = xmlGetID(doc_, reinterpret_cast<const xmlChar*>(id.c_str()));
    return found != nullptr && found->parent == element.node();
  }

 private:
  xmlDoc* doc_;
  xmlAttr* attribute_;
};

using KeyPtr = std::unique_ptr<xmlSecKey, decltype(&xmlSecKeyDestroy)>;
using Context = std::unique_ptr<xmlSecDSigCtx, decltype(&xmlSecDSigCtxDestroy)>;

// A context that knows nothing but what CheckForm accepts; null when xmlsec fails.
Context MakeContext(const VerificationKey& key) {
  Context context(xmlSecDSigCtxCreate(nullptr), xmlSecDSigCtxDestroy);
  if (context == nullptr) return context;
  context->flags =
      XMLSEC_DSIG_FLAGS_STORE_SIGNEDINFO_REFERENCES | XMLSEC_DSIG_FLAGS_IGNORE_MANIFESTS;
  context->enabledReferenceUris = xmlSecTransformUriTypeSameDocument;
  context->signKey = xmlSecKeyDuplicate(key.key());
  bool ok = context->signKey != nullptr;
  for (const xmlSecTransformId id :
       {xmlSecTransformEnvelopedId, xmlSecTransformExclC14NId, xmlSecTransformSha256Id,
        xmlSecTransformSha384Id, xmlSecTransformSha512Id}) {
    ok = ok && xmlSecDSigCtxEnableReferenceTransform(context.get(), id) >= 0;
  }
  for (const xmlSecTransformId id :
       {xmlSecTransformExclC14NId, xmlSecTransformRsaSha256Id, xmlSecTransformRsaSha384Id,
        xmlSecTransformRsaSha512Id, xmlSecTransformEcdsaSha256Id, xmlSecTransformEcdsaSha384Id}) {
    ok = ok && xmlSecDSigCtxEnableSignatureTransform(context.get(), id) >= 0;
  }
  if (!ok) context.reset();
  return context;
}

// The bytes whose digest was verified; nullopt when the signature is not the key's.
std::optional<std::string> VerifyWith(const VerificationKey& key, Element signature) {
  const Context context = MakeContext(key);
  if (context == nullptr || xmlSecDSigCtxVerify(context.get(), signature.node()) < 0 ||
      context->status != xmlSecDSigStatusSucceeded ||
      xmlSecPtrListGetSize(&context->signedInfoReferences) != 1) {
    return std::nullopt;
  }
  auto* const reference =
      static_cast<xmlSecDSigReferenceCtx*>(xmlSecPtrListGetItem(&context->signedInfoReferences, 0));
  if (reference == nullptr || reference->status != xmlSecDSigStatusSucceeded) return std::nullopt;
  xmlSecBuffer* const bytes = xmlSecDSigReferenceCtxGetPreDigestBuffer(reference);
  if (bytes == nullptr || xmlSecBufferGetSize(bytes) == 0) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(xmlSecBufferGetData(bytes)),
                     xmlSecBufferGetSize(bytes));
}

}  // namespace

absl::StatusOr<VerificationKey> VerificationKey::FromCertificate(absl::string_view der) {
  if (!Initialize()) return absl::InternalError("xmlsec could not be initialised");
  CS_ASSIGN_OR_RETURN(const crypto::PublicKey checked, crypto::ReadCertificateKey(der));
  if (checked.type() == crypto::KeyType::kEd25519) {
    return absl::InvalidArgumentError("Ed25519 keys do not sign SAML");
  }
  const KeyPtr loaded(
      xmlSecCryptoAppKeyLoadMemory(reinterpret_cast<const xmlSecByte*>(der.data()),
                                   static_cast<xmlSecSize>(der.size()), xmlSecKeyDataFormatCertDer,
                                   nullptr, nullptr, nullptr),
      xmlSecKeyDestroy);
  // Only the key: each verification copies it, and copying the certificate beside it is slow.
  std::shared_ptr<xmlSecKey> key(xmlSecKeyCreate(), xmlSecKeyDestroy);
  const bool ok =
      loaded != nullptr && key != nullptr &&
      xmlSecKeySetValue(key.get(), xmlSecKeyDataDuplicate(xmlSecKeyGetValue(loaded.get()))) >= 0;
  crypto::ClearErrorQueue();
  if (!ok) return absl::InvalidArgumentError("the certificate's key cannot be used");
  return VerificationKey(std::string(der), std::move(key));
}

Element FindSignature(Element element) {
  for (const Element& child : element.Children()) {
    if (child.Is(kAssertionNs, "Issuer")) continue;
    return child.Is(kSignatureNs, "Signature") ? child : Element();
  }
  return Element();
}

absl::StatusOr<std::string> VerifySignature(Element element, Element signature,
                                            const std::vector<VerificationKey>& keys) {
  const std::string id = element.Attribute("ID").value_or("");
  CS_RETURN_IF_ERROR(CheckForm(signature, id));
  SilenceLibxml();
  const RegisteredId registered(element, id);
  if (!registered.LeadsTo(element, id)) return BadForm("Reference is ambiguous");
  std::optional<std::string> bytes;
  for (const VerificationKey& key : keys) {
    bytes = VerifyWith(key, signature);
    if (bytes) break;
  }
  crypto::ClearErrorQueue();
  if (bytes) return *std::move(bytes);
  return Refuse(reason::kSignature,
                "the signature does not verify with any key of the provider's metadata");
}

}  // namespace countersign::authn::saml
