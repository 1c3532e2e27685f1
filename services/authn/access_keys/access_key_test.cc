#include "services/authn/access_keys/access_key.h"

#include <catch2/catch.hpp>
#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace countersign::authn::access_keys {

TEST_CASE("MakeAccessKey: keys carry their id, are long, and differ", "[authn]") {
  SystemRandom random;
  std::set<std::string> ids;
  std::set<std::string> keys;
  for (int i = 0; i < 1000; ++i) {
    const FreshKey fresh = MakeAccessKey(random);
    const std::string& key = fresh.key.Reveal();
    CHECK(absl::StartsWith(key, absl::StrCat("cs_", fresh.id, "_")));
    CHECK(fresh.id.size() == 12);
    CHECK(key.size() == 3 + 12 + 1 + 43);
    CHECK(CheckAdoptedKey(fresh.key).ok());  // one installation can adopt another's keys
    ids.insert(fresh.id);
    keys.insert(key);
  }
  CHECK(ids.size() == 1000);
  CHECK(keys.size() == 1000);
}

TEST_CASE("CheckAdoptedKey: 16 to 4096 printable characters without spaces", "[authn]") {
  CHECK(CheckAdoptedKey(SecretString("sk-proj-abcdefgh")).ok());
  CHECK(CheckAdoptedKey(SecretString(std::string(4096, 'k'))).ok());
  CHECK_FALSE(CheckAdoptedKey(SecretString("sk-proj-abcdefg")).ok());
  CHECK_FALSE(CheckAdoptedKey(SecretString(std::string(4097, 'k'))).ok());
  CHECK_FALSE(CheckAdoptedKey(SecretString("sk-proj-abcdefgh with space")).ok());
  CHECK_FALSE(CheckAdoptedKey(SecretString("sk-proj-abcdefgh\n")).ok());
  CHECK_FALSE(CheckAdoptedKey(SecretString("sk-proj-abcdefgh\xc3\xa4")).ok());
  const absl::Status refused = CheckAdoptedKey(SecretString("hunter2 hunter2 hunter2"));
  CHECK_FALSE(absl::StrContains(refused.message(), "hunter2"));
}

TEST_CASE("KeyHasher: equal keys have equal hashes under one secret only", "[authn]") {
  const KeyHasher hasher(SecretString(std::string(32, 'a')));
  const KeyHasher other(SecretString(std::string(32, 'b')));
  const SecretString key("cs_aaaaaaaaaaaa_secret");
  CHECK(hasher.Hash(key) == hasher.Hash(key));
  CHECK(hasher.Hash(key).size() == 32);
  CHECK(hasher.Hash(key) != other.Hash(key));
  CHECK(hasher.Hash(key) != hasher.Hash(SecretString("cs_aaaaaaaaaaaa_Secret")));
}

TEST_CASE("Classify: tells tokens, assertions and keys apart by their looks", "[authn]") {
  const auto kind = [](absl::string_view text) {
    return Classify(SecretString(std::string(text)));
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
  }
  CHECK(kind(absl::WebSafeBase64Escape("<html></html>")) == CredentialKind::kAccessKey);
}

}  // namespace countersign::authn::access_keys
