#include "libs/crypto/public_key.h"

#include <catch2/catch.hpp>

#include "libs/base/encoding.h"
#include "libs/crypto/ec_signing_key.h"
#include "libs/crypto/testing/test_signer.h"

namespace countersign::crypto {
namespace {

std::string B64(absl::string_view text) { return *Base64UrlDecode(text); }
std::string Hex(absl::string_view text) { return *HexDecode(text); }

// RFC 7515 appendix A.3.
const char kEs256X[] = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
const char kEs256Y[] = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

}  // namespace

TEST_CASE("PublicKey: verifies the ES256 signature of RFC 7515 A.3", "[crypto]") {
  const auto key = PublicKey::Ec(KeyType::kP256, B64(kEs256X), B64(kEs256Y));
  REQUIRE(key.ok());
  const std::string signature =
      B64("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
  const std::string message =
      "eyJhbGciOiJFUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
      "fQ";
  CHECK(key->Verify(SignatureAlgorithm::kEs256, message, signature));
  CHECK_FALSE(key->Verify(SignatureAlgorithm::kEs256, message + "x", signature));
  CHECK_FALSE(key->Verify(SignatureAlgorithm::kEs384, message, signature));
}

TEST_CASE("PublicKey: verifies the EdDSA signature of RFC 8037 A.5", "[crypto]") {
  const auto key = PublicKey::Ed25519(B64("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"));
  REQUIRE(key.ok());
  CHECK(key->Verify(SignatureAlgorithm::kEdDsa,
                    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
                    B64("hgyY0il_MGCjP0JzlnLWG1PPOt7-"
                        "09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg")));
}

TEST_CASE("PublicKey: every algorithm verifies its own signatures only", "[crypto]") {
  const TestSigner signers[] = {TestSigner::Rsa(2048), TestSigner::Ec(KeyType::kP256),
                                TestSigner::Ec(KeyType::kP384), TestSigner::Ed25519()};
  for (const TestSigner& signer : signers) {
    const PublicKey key = signer.public_key();
    for (const char* name :
         {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"}) {
      const SignatureAlgorithm algorithm = SignatureAlgorithmFromString(name);
      if (!Fits(algorithm, signer.type())) {
        CHECK_FALSE(key.Verify(algorithm, "message", std::string(64, 'x')));
        continue;
      }
      CAPTURE(name);
      const std::string signature = signer.Sign(algorithm, "message");
      CHECK(key.Verify(algorithm, "message", signature));
      CHECK_FALSE(key.Verify(algorithm, "massage", signature));
      CHECK_FALSE(key.Verify(algorithm, "message", signature.substr(0, signature.size() - 1)));
      CHECK_FALSE(key.Verify(algorithm, "message", signature + '\0'));
      CHECK_FALSE(key.Verify(algorithm, "message", '\0' + signature));
      CHECK_FALSE(key.Verify(algorithm, "message", ""));
      std::string flipped = signature;
      flipped[flipped.size() / 2] ^= 1;
      CHECK_FALSE(key.Verify(algorithm, "message", flipped));
      for (const char* other : {"RS256", "RS512", "PS256", "PS384"}) {
        if (absl::string_view(other) == name) continue;
        CHECK_FALSE(key.Verify(SignatureAlgorithmFromString(other), "message", signature));
      }
    }
  }
}

TEST_CASE("PublicKey: an all-zero ECDSA signature is not valid (CVE-2022-21449)", "[crypto]") {
  const PublicKey key = TestSigner::Ec(KeyType::kP256).public_key();
  CHECK_FALSE(key.Verify(SignatureAlgorithm::kEs256, "message", std::string(64, '\0')));
}

TEST_CASE("SignatureAlgorithmFromString: none, HS* and other spellings are unknown", "[crypto]") {
  for (const char* name :
       {"none", "None", "HS256", "HS512", "rs256", "ES256K", "ES512", "", "RS1"}) {
    CHECK(SignatureAlgorithmFromString(name) == SignatureAlgorithm::kUnknown);
  }
  CHECK_FALSE(Fits(SignatureAlgorithm::kUnknown, KeyType::kRsa));
}

TEST_CASE("PublicKey::Rsa: refuses small, even, huge and exponent-one keys", "[crypto]") {
  const std::string f4("\x01\x00\x01", 3);
  std::string odd(256, '\xc5');
  CHECK_FALSE(PublicKey::Rsa(odd.substr(0, 128), f4).ok());
  CHECK_FALSE(PublicKey::Rsa(std::string(128, '\0') + odd.substr(0, 128), f4).ok());
  CHECK_FALSE(PublicKey::Rsa(std::string(1025, '\xc5'), f4).ok());
  CHECK_FALSE(PublicKey::Rsa(odd, "\x01").ok());
  CHECK_FALSE(PublicKey::Rsa(odd, "\x04").ok());
  CHECK_FALSE(PublicKey::Rsa(odd, "").ok());
  CHECK_FALSE(PublicKey::Rsa(odd, std::string(5, '\x01')).ok());
  CHECK_FALSE(PublicKey::Rsa("", f4).ok());
  odd.back() = '\xc4';
  CHECK_FALSE(PublicKey::Rsa(odd, f4).ok());
}

TEST_CASE("PublicKey::Rsa: refuses a modulus with the shape of ROCA", "[crypto]") {
  // A multiple of all the small primes, plus 65537^0.
  const std::string multiple = "924cba6ae99dfa084537facc54948df0c23da044d8cabe0edd75bc6";
  const std::string modulus = multiple + std::string(456, '0') + "1";
  const auto key = PublicKey::Rsa(Hex(modulus), std::string("\x01\x00\x01", 3));
  REQUIRE_FALSE(key.ok());
  CHECK_THAT(std::string(key.status().message()), Catch::Contains("ROCA"));
}

TEST_CASE("PublicKey::Ec: refuses points off the curve, at infinity and of other lengths",
          "[crypto]") {
  const std::string x = B64(kEs256X);
  std::string y = B64(kEs256Y);
  CHECK_FALSE(PublicKey::Ec(KeyType::kP384, x, y).ok());
  CHECK_FALSE(PublicKey::Ec(KeyType::kRsa, x, y).ok());
  CHECK_FALSE(PublicKey::Ec(KeyType::kP256, x.substr(1), y).ok());
  CHECK_FALSE(PublicKey::Ec(KeyType::kP256, '\0' + x, y).ok());
  CHECK_FALSE(PublicKey::Ec(KeyType::kP256, std::string(32, '\0'), std::string(32, '\0')).ok());
  CHECK_FALSE(PublicKey::Ec(KeyType::kP256, std::string(32, '\xff'), y).ok());
  y[0] ^= 1;
  CHECK_FALSE(PublicKey::Ec(KeyType::kP256, x, y).ok());
}

TEST_CASE("PublicKey::Ed25519: refuses small-order and non-canonical encodings", "[crypto]") {
  for (const char* hex : {
           "0000000000000000000000000000000000000000000000000000000000000000",
           "0100000000000000000000000000000000000000000000000000000000000000",
           "0100000000000000000000000000000000000000000000000000000000000080",
           "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
           "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
       }) {
    CAPTURE(hex);
    CHECK_FALSE(PublicKey::Ed25519(Hex(hex)).ok());
  }
  CHECK_FALSE(PublicKey::Ed25519("short").ok());
}

TEST_CASE("EcSigningKey: survives a PEM round trip, and its public key verifies its signatures",
          "[crypto]") {
  const EcSigningKey key = EcSigningKey::Generate();
  const auto again = EcSigningKey::FromPem(key.pem());
  REQUIRE(again.ok());
  CHECK(again->x() == key.x());
  CHECK(again->public_key() == key.public_key());
  const std::string signature = again->Sign("message");
  CHECK(signature.size() == 64);
  CHECK(key.public_key().Verify(SignatureAlgorithm::kEs256, "message", signature));
  CHECK(EcSigningKey::Generate().public_key() != key.public_key());
}

TEST_CASE("EcSigningKey::FromPem: refuses other keys than P-256 private keys", "[crypto]") {
  CHECK_FALSE(EcSigningKey::FromPem(SecretString("")).ok());
  CHECK_FALSE(EcSigningKey::FromPem(SecretString("-----BEGIN PRIVATE KEY-----\nAAAA\n")).ok());
}

}  // namespace countersign::crypto
