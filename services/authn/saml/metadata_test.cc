#include "services/authn/saml/metadata.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "services/authn/saml/testing/saml_signer.h"

namespace countersign::authn::saml {
namespace {

std::string Refusal(const std::string& xml) {
  const auto result = ParseMetadata(xml);
  if (result.ok()) return "accepted";
  CHECK(absl::IsInvalidArgument(result.status()));
  return std::string(result.status().message());
}

}  // namespace

TEST_CASE("ParseMetadata: the provider's name, keys and address", "[saml]") {
  const testing::SamlSigner idp;
  const auto metadata =
      ParseMetadata(idp.Metadata("urn:idp", R"( validUntil="2030-01-01T00:00:00Z")"));
  REQUIRE(metadata.ok());
  CHECK(metadata->entity_id == "urn:idp");
  CHECK(metadata->keys.size() == 1);
  CHECK(metadata->post_sso_url == "https://idp.example/sso");
  CHECK(metadata->valid_until == absl::FromUnixSeconds(1893456000));
}

TEST_CASE("ParseMetadata: one provider in an EntitiesDescriptor, with comments", "[saml]") {
  const testing::SamlSigner idp;
  const std::string open =
      R"(<?xml version="1.0"?><!-- c --><e:EntitiesDescriptor xmlns:e="urn:oasis:names:tc:SAML:2.0:metadata" validUntil="2020-01-01T00:00:00Z">)";
  const auto metadata = ParseMetadata(open + idp.Metadata() + "</e:EntitiesDescriptor>");
  REQUIRE(metadata.ok());
  CHECK(metadata->valid_until == absl::FromUnixSeconds(1577836800));
  CHECK(Refusal(open + idp.Metadata("a") + idp.Metadata("b") + "</e:EntitiesDescriptor>") ==
        "it describes more than one identity provider");
}

TEST_CASE("ParseMetadata: what is wrong with it", "[saml]") {
  const testing::SamlSigner idp;
  const std::string good = idp.Metadata();
  CHECK(Refusal("") == "the document is not UTF-8");
  CHECK(Refusal("<a/>") == "it has no EntityDescriptor with an IDPSSODescriptor");
  CHECK(Refusal("<!DOCTYPE a>" + good) == "the document has a DOCTYPE");
  CHECK(Refusal(idp.Metadata("")) == "the entityID is missing or over 1,024 bytes");
  CHECK(Refusal(absl::StrReplaceAll(good, {{"use=\"signing\"", "use=\"encryption\""}})) ==
        "there is no certificate for signing");
  CHECK(Refusal(absl::StrReplaceAll(good, {{"<ds:X509Certificate>", "<ds:X509Certificate>AA"}})) !=
        "accepted");
  CHECK(Refusal(absl::StrReplaceAll(good, {{"<ds:X509Certificate>", "<ds:X509Certificate>!"}})) ==
        "a signing certificate is not base64");
  CHECK(Refusal(idp.Metadata("a", " validUntil=\"soon\"")) ==
        "a time is not of the form 2026-01-31T12:00:00Z");
  const testing::SamlSigner weak(crypto::TestSigner::Rsa(1024));
  CHECK(Refusal(weak.Metadata()) == "the RSA modulus is below 2048 bits");
  const testing::SamlSigner edwards(crypto::TestSigner::Ed25519());
  CHECK(Refusal(edwards.Metadata()) ==
        "the certificate's key is neither RSA nor on P-256 or P-384");
}

TEST_CASE("ParseMetadata: keys without a use sign, and equal keys count once", "[saml]") {
  const testing::SamlSigner idp(crypto::TestSigner::Ec(crypto::KeyType::kP384));
  std::string xml = absl::StrReplaceAll(idp.Metadata(), {{" use=\"signing\"", ""}});
  const auto begin = xml.find("<md:KeyDescriptor");
  const auto end = xml.find("<md:SingleSignOnService");
  xml.insert(end, xml.substr(begin, end - begin));
  const auto metadata = ParseMetadata(xml);
  REQUIRE(metadata.ok());
  CHECK(metadata->keys.size() == 1);
}

}  // namespace countersign::authn::saml
