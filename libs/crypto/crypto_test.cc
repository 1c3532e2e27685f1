#include <catch2/catch.hpp>

#include "libs/base/encoding.h"
#include "libs/crypto/hash.h"
#include "libs/crypto/seal.h"
#include "libs/crypto/signing_key.h"

namespace countersign::crypto {

TEST_CASE("Sha256: the empty string has its published digest", "[crypto]") {
  CHECK(HexEncode(Sha256("")) ==
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("HmacSha256: RFC 4231 test case 2", "[crypto]") {
  CHECK(HexEncode(HmacSha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST_CASE("HkdfSha256: RFC 5869 test case 3", "[crypto]") {
  CHECK(HexEncode(HkdfSha256(std::string(22, '\x0b'), "", 42)) ==
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST_CASE("Open: gives back what was sealed, and nothing under another key, context or byte",
          "[crypto]") {
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

TEST_CASE("Sha256Stream: pieces hash like the whole, and a digest in between changes nothing",
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
