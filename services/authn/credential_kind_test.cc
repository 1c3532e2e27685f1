#include "services/authn/credential_kind.h"

#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace countersign::authn {

TEST_CASE("ClassifyCredential: tells tokens, assertions and keys apart by their form", "[authn]") {
  const auto kind = [](absl::string_view text) {
    return ClassifyCredential(SecretString(std::string(text)));
  };
  CHECK(kind("") == CredentialKind::kNone);
  CHECK(kind("eyJhbGciOiJSUzI1NiJ9.e30.c2ln") == CredentialKind::kToken);
  for (const char* header :
       {"{ \"alg\":1}", "{\n\"alg\":1}", "{\r\n \"alg\":1}", "{\t\"alg\":1}"}) {
    CHECK(kind(absl::WebSafeBase64Escape(header) + ".e30.c2ln") == CredentialKind::kToken);
  }
  CHECK(kind("eyJhbGciOiJSUzI1NiJ9.e30") == CredentialKind::kAccessKey);
  CHECK(kind("sk-proj-a.b.c") == CredentialKind::kAccessKey);
  CHECK(kind("cs_abc_def") == CredentialKind::kAccessKey);
  CHECK(kind("P") == CredentialKind::kAccessKey);
  CHECK(kind("PAssword-that-is-no-xml") == CredentialKind::kAccessKey);
  for (const char* xml :
       {"<saml:Assertion xmlns:saml=\"x\"/>", "<?xml version=\"1.0\"?>\n<samlp:Response/>"}) {
    CHECK(kind(absl::WebSafeBase64Escape(xml)) == CredentialKind::kSamlAssertion);
    CHECK(kind(absl::Base64Escape(xml)) == CredentialKind::kSamlAssertion);
    const std::string large = absl::StrCat(xml, std::string(20'000, '>'), "\xff\xfe");
    CHECK(kind(absl::Base64Escape(large)) == CredentialKind::kSamlAssertion);
  }
  CHECK(kind(absl::WebSafeBase64Escape("<html></html>")) == CredentialKind::kAccessKey);
}

}  // namespace countersign::authn
