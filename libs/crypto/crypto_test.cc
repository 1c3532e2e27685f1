#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "libs/base/encoding.h"
#include "libs/crypto/ec_signing_key.h"
#include "libs/crypto/hash.h"
#include "libs/crypto/keyed_blocks.h"
#include "libs/crypto/seal.h"
#include "libs/crypto/signing_key.h"

namespace countersign::crypto {

TEST_CASE("PermuteBlocks: is AES-256 of each block", "[crypto]") {
  // The example of FIPS 197, appendix C.3.
  const SecretString key(
      *HexDecode("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"));
  const std::string block = *HexDecode("00112233445566778899aabbccddeeff");
  const std::string once = "8ea2b7ca516745bfeafc49904b496089";
  CHECK(HexEncode(PermuteBlocks(key, block)) == once);
  CHECK(HexEncode(PermuteBlocks(key, block + block)) == once + once);
  CHECK(PermuteBlocks(key, "").empty());
}

TEST_CASE("Sha256: the empty string has its published digest", "[crypto]") {
  CHECK(HexEncode(Sha256("")) ==
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("HmacSha256: RFC 4231 test case 2", "[crypto]") {
  CHECK(HexEncode(HmacSha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST_CASE("HmacSha256: RFC 4231 test case 6, a key longer than a block", "[crypto]") {
  CHECK(HexEncode(HmacSha256(std::string(131, '\xaa'),
                             "Test Using Larger Than Block-Size Key - Hash Key First")) ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("HkdfSha256: the result depends on length and purpose", "[crypto]") {
  const std::string key(32, 'k');
  CHECK(HkdfSha256(key, "a", 16) == HkdfSha256(key, "a", 64).substr(0, 16));
  CHECK(HkdfSha256(key, "a", 16) != HkdfSha256(key, "b", 16));
  CHECK(HkdfSha256(key, "a", 255 * 32).size() == 255 * 32);
}

TEST_CASE("ConstantTimeEquals: agrees with ==", "[crypto]") {
  CHECK(ConstantTimeEquals("", ""));
  CHECK(ConstantTimeEquals("secret", "secret"));
  CHECK_FALSE(ConstantTimeEquals("secret", "secreT"));
  CHECK_FALSE(ConstantTimeEquals("secret", "secrets"));
  CHECK_FALSE(ConstantTimeEquals("", "s"));
}

TEST_CASE("HkdfSha256: RFC 5869 test case 3", "[crypto]") {
  CHECK(HexEncode(HkdfSha256(std::string(22, '\x0b'), "", 42)) ==
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST_CASE("Open: returns the sealed text; another key, context or byte is DATA_LOSS", "[crypto]") {
  SystemRandom random;
  const SecretString key(random.Bytes(kSealKeyBytes));
  const std::string sealed = Seal(key, "row 1", "secret", random);
  CHECK(*Open(key, "row 1", sealed) == "secret");
  CHECK_FALSE(Open(key, "row 2", sealed).ok());
  CHECK_FALSE(Open(SecretString(random.Bytes(kSealKeyBytes)), "row 1", sealed).ok());
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] ^= 1;
    CHECK_FALSE(Open(key, "row 1", changed).ok());
  }
  CHECK_FALSE(Open(key, "row 1", "short").ok());
}

TEST_CASE("Seal: equal texts are sealed differently, and empty text can be sealed", "[crypto]") {
  SystemRandom random;
  const SecretString key(random.Bytes(kSealKeyBytes));
  std::set<std::string> sealed;
  for (int i = 0; i < 100; ++i) sealed.insert(Seal(key, "row", "same", random));
  CHECK(sealed.size() == 100);
  const std::string nothing = Seal(key, "row", "", random);
  CHECK(nothing.size() == 12 + 16);  // nonce and tag
  CHECK(Open(key, "row", nothing).value().empty());
  CHECK(Open(key, "row", "").status().code() == absl::StatusCode::kDataLoss);
  CHECK(Open(key, "row", nothing.substr(1)).status().code() == absl::StatusCode::kDataLoss);
}

TEST_CASE("EcSigningKey: its public key verifies its signatures, also after a round trip",
          "[crypto]") {
  const EcSigningKey key = EcSigningKey::Generate();
  CHECK(key.x().size() == 32);
  CHECK(key.y().size() == 32);
  const auto again = EcSigningKey::FromPem(key.pem());
  REQUIRE(again.ok());
  CHECK(again->x() == key.x());
  CHECK(again->y() == key.y());
  const std::string signature = again->Sign("message");
  CHECK(signature.size() == 64);
  CHECK(key.public_key().Verify(SignatureAlgorithm::kEs256, "message", signature));
  CHECK_FALSE(key.public_key().Verify(SignatureAlgorithm::kEs256, "massage", signature));
  CHECK_FALSE(EcSigningKey::Generate().public_key().Verify(SignatureAlgorithm::kEs256, "message",
                                                           signature));
}

TEST_CASE("EcSigningKey::Derive: another key for each purpose, always the same", "[crypto]") {
  const EcSigningKey key = EcSigningKey::Generate();
  const EcSigningKey derived = key.Derive("tokens");
  CHECK(derived.public_key().Verify(SignatureAlgorithm::kEs256, "m", derived.Sign("m")));
  CHECK(EcSigningKey::FromPem(key.pem())->Derive("tokens").pem().Reveal() ==
        derived.pem().Reveal());
  CHECK(derived.public_key() != key.public_key());
  CHECK(key.Derive("others").public_key() != derived.public_key());
  CHECK(EcSigningKey::Generate().Derive("tokens").public_key() != derived.public_key());
}

TEST_CASE("EcSigningKey::FromPem: refuses other input than a P-256 private key", "[crypto]") {
  for (const std::string& pem :
       {std::string(), std::string("no PEM"),
        std::string("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")}) {
    CHECK(EcSigningKey::FromPem(SecretString(pem)).status().code() ==
          absl::StatusCode::kInvalidArgument);
  }
}

TEST_CASE("SigningKey: a seed gives the same key again; other lengths are refused", "[crypto]") {
  const SigningKey key = SigningKey::Generate();
  CHECK(key.seed().Reveal().size() == 32);
  const auto again = SigningKey::FromSeed(key.seed());
  REQUIRE(again.ok());
  CHECK(again->public_key() == key.public_key());
  CHECK(again->Sign("message") == key.Sign("message"));
  CHECK(SigningKey::Generate().public_key() != key.public_key());
  for (const std::size_t length : {0u, 31u, 33u, 64u}) {
    CHECK(SigningKey::FromSeed(SecretString(std::string(length, 's'))).status().code() ==
          absl::StatusCode::kInvalidArgument);
  }
}

TEST_CASE("VerifyEd25519: a changed signature or one of another length is refused", "[crypto]") {
  const SigningKey key = SigningKey::Generate();
  const std::string signature = key.Sign("message");
  for (std::size_t i = 0; i < signature.size(); ++i) {
    std::string changed = signature;
    changed[i] ^= 1;
    CHECK_FALSE(VerifyEd25519(key.public_key(), "message", changed));
  }
  CHECK_FALSE(VerifyEd25519(key.public_key(), "message", signature.substr(1)));
  CHECK_FALSE(VerifyEd25519(key.public_key(), "message", signature + "x"));
  CHECK_FALSE(VerifyEd25519(key.public_key(), "message", ""));
}

TEST_CASE("SigningKey: RFC 8032 test 2", "[crypto]") {
  const auto key = SigningKey::FromSeed(
      SecretString(*HexDecode("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")));
  REQUIRE(key.ok());
  CHECK(HexEncode(key->public_key()) ==
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  const std::string signature = key->Sign("\x72");
  CHECK(HexEncode(signature).substr(0, 16) == "92a009a9f0d4cab8");
  CHECK(VerifyEd25519(key->public_key(), "\x72", signature));
  CHECK_FALSE(VerifyEd25519(key->public_key(), "\x73", signature));
  CHECK_FALSE(VerifyEd25519("short", "\x72", signature));
}

TEST_CASE("Sha256Stream: pieces hash like the whole, and an intermediate digest changes nothing",
          "[crypto]") {
  Sha256Stream stream;
  CHECK(stream.Digest() == Sha256(""));
  stream.Add("ab");
  CHECK(stream.Digest() == Sha256("ab"));
  stream.Add("");
  stream.Add("c");
  CHECK(stream.Digest() == Sha256("abc"));
}

}  // namespace countersign::crypto
