#include "libs/jose/jwk.h"

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "libs/base/encoding.h"
#include "libs/jose/testing/test_tokens.h"

namespace countersign::jose {
namespace {

const crypto::TestSigner& P256() {
  static const auto& signer = *new auto(crypto::TestSigner::Ec(crypto::KeyType::kP256));
  return signer;
}
const crypto::TestSigner& Rsa() {
  static const auto& signer = *new auto(crypto::TestSigner::Rsa(2048));
  return signer;
}

std::string Set(const std::vector<std::string>& keys) { return JwkSetJson(keys); }

}  // namespace

TEST_CASE("ParseJwkSet: reads RSA, P-256, P-384 and Ed25519 keys", "[jose]") {
  const auto set = ParseJwkSet(Set({
      JwkJson(Rsa(), R"("kid":"r","use":"sig","alg":"RS256")"),
      JwkJson(P256(), R"("kid":"e","key_ops":["verify"])"),
      JwkJson(crypto::TestSigner::Ec(crypto::KeyType::kP384)),
      JwkJson(crypto::TestSigner::Ed25519(), R"("kid":"o","x5t":"ignored")"),
  }));
  REQUIRE(set.ok());
  CHECK(set->skipped.empty());
  REQUIRE(set->keys.size() == 4);
  CHECK(set->keys[0].algorithm == crypto::SignatureAlgorithm::kRs256);
  CHECK(set->keys[1].algorithm == crypto::SignatureAlgorithm::kUnknown);
  CHECK(set->keys[2].kid.empty());
  CHECK(set->keys[3].key.type() == crypto::KeyType::kEd25519);
  CHECK(set->HasKey("o"));
  CHECK_FALSE(set->HasKey("x"));
}

TEST_CASE("ParseJwkSet: ignores single keys that cannot verify, and keeps the others", "[jose]") {
  const std::string good = JwkJson(P256(), R"("kid":"good")");
  const std::string bad[] = {
      JwkJson(Rsa(), R"("kid":"k","use":"enc","alg":"RSA-OAEP")"),  // as Keycloak publishes
      JwkJson(P256(), R"("use":"enc")"),
      JwkJson(P256(), R"("use":null)"),
      JwkJson(P256(), R"("key_ops":["sign"])"),
      JwkJson(P256(), R"("key_ops":"verify")"),
      JwkJson(P256(), R"("alg":"ES384")"),
      JwkJson(P256(), R"("alg":"RS256")"),
      JwkJson(P256(), R"("alg":"HS256")"),
      JwkJson(P256(), R"("alg":7)"),
      JwkJson(P256(), R"("kid":7)"),
      JwkJson(P256(), absl::StrCat(R"("kid":")", std::string(257, 'k'), R"(")")),
      JwkJson(P256(), R"("d":"AAAA")"),
      JwkJson(Rsa(), R"("p":"AAAA")"),
      JwkJson(crypto::TestSigner::Rsa(1024)),
      R"({"kty":"oct","k":"c2VjcmV0"})",
      R"({"kty":"RSA","n":"AQAB"})",
      R"({"kty":"RSA","n":"!!","e":"AQAB"})",
      R"({"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"})",
      R"({"kty":"EC","crv":"P-521","x":"AA","y":"AA"})",
      R"({"kty":"EC","crv":"P-256","x":"AA","y":"AA"})",
      R"({"kty":"OKP","crv":"X25519","x":"AA"})",
      R"({"kty":"OKP","crv":"Ed25519","x":"AA"})",
      R"({"kty":["EC"]})",
      R"({})",
      R"("EC")",
      R"(null)",
  };
  for (const std::string& jwk : bad) {
    CAPTURE(jwk);
    const auto set = ParseJwkSet(Set({jwk, good}));
    REQUIRE(set.ok());
    CHECK(set->skipped.size() == 1);
    REQUIRE(set->keys.size() == 1);
    CHECK(set->keys[0].kid == "good");
  }
}

TEST_CASE("ParseJwkSet: refuses bodies that are not a JWK set", "[jose]") {
  for (const char* body : {"", "[]", "{}", R"({"keys":{}})", R"({"keys":[]} x)", "<html>",
                           R"({"keys":[],"keys":[]})", "{\"keys\":[\"\xff\"]}", "null",
                           R"({"keys":[{"a":{"b":{"c":{"d":{"e":{"f":{"g":1}}}}}}}]})"}) {
    CAPTURE(body);
    CHECK_FALSE(ParseJwkSet(body).ok());
  }
}

TEST_CASE("ParseJwkSet: refuses a body over 256 KiB and a set of more than 64 keys", "[jose]") {
  const std::string key = JwkJson(P256(), R"("kid":"k")");
  CHECK(ParseJwkSet(Set(std::vector<std::string>(64, key))).ok());
  CHECK_FALSE(ParseJwkSet(Set(std::vector<std::string>(65, key))).ok());
  CHECK_FALSE(
      ParseJwkSet(absl::StrCat(R"({"keys":[],"x":")", std::string(256 << 10, 'x'), R"("})")).ok());
}

TEST_CASE("ParseJwkSet: keeps one kid with several algorithms, and an equal key once", "[jose]") {
  const auto set = ParseJwkSet(Set({JwkJson(Rsa(), R"("kid":"k","alg":"RS256")"),
                                    JwkJson(Rsa(), R"("kid":"k","alg":"RS512")"),
                                    JwkJson(Rsa(), R"("kid":"k","alg":"RS256")")}));
  REQUIRE(set.ok());
  CHECK(set->keys.size() == 2);
}

TEST_CASE("Es256JwkJson: its output is read back as the same key", "[jose]") {
  const auto set = ParseJwkSet(Set({JwkJson(P256())}));
  const std::string members = P256().JwkMembers();
  const auto member = [&](const std::string& name) {
    const std::size_t begin = members.find("\"" + name + "\":\"") + name.size() + 4;
    return *Base64UrlDecode(members.substr(begin, members.find('"', begin) - begin));
  };
  const auto again = ParseJwkSet(Set({Es256JwkJson("own", member("x"), member("y"))}));
  REQUIRE(again.ok());
  REQUIRE(again->keys.size() == 1);
  CHECK(again->keys[0].key == set->keys[0].key);
  CHECK(again->keys[0].kid == "own");
}

TEST_CASE("Es256Thumbprint: is the SHA-256 of the required members in order (RFC 7638)", "[jose]") {
  // The P-256 key of RFC 7517 appendix A.1; the expected value was computed with other libraries.
  const std::string thumbprint =
      Es256Thumbprint(*Base64UrlDecode("MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"),
                      *Base64UrlDecode("4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"));
  CHECK(thumbprint.size() == 43);
  CHECK(thumbprint == "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s");
}

}  // namespace countersign::jose
