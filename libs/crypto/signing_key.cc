#include "libs/crypto/signing_key.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <cstdlib>
#include <utility>

#include "absl/status/status.h"
#include "libs/base/random.h"

namespace countersign::crypto {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

const unsigned char* Bytes(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
Key PrivateKey(const SecretString& seed) {
  return Key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, Bytes(seed.Reveal()),
                                          seed.Reveal().size()),
             &EVP_PKEY_free);
}

}  // namespace

SigningKey SigningKey::Generate() {
  SystemRandom random;
  auto key = FromSeed(SecretString(random.Bytes(32)));
  if (!key.ok()) std::abort();  // Every 32-byte string is a valid Ed25519 seed.
  return *std::move(key);
}

absl::StatusOr<SigningKey> SigningKey::FromSeed(const SecretString& seed) {
  if (seed.Reveal().size() != 32) return absl::InvalidArgumentError("an Ed25519 seed has 32 bytes");
  const Key key = PrivateKey(seed);
  std::string public_key(32, '\0');
  std::size_t size = public_key.size();
  if (key == nullptr ||
      EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(public_key.data()),
                                  &size) != 1) {
    ERR_clear_error();
    return absl::InternalError("OpenSSL refused an Ed25519 seed");
  }
  return SigningKey(seed, std::move(public_key));
}

std::string SigningKey::Sign(absl::string_view message) const {
  const Key key = PrivateKey(seed_);
  const DigestContext context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  std::string signature(64, '\0');
  std::size_t size = signature.size();
  if (EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     Bytes(message), message.size()) != 1) {
    std::abort();
  }
  return signature;
}

bool VerifyEd25519(absl::string_view public_key, absl::string_view message,
                   absl::string_view signature) {
  const Key key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Bytes(public_key), public_key.size()),
      &EVP_PKEY_free);
  const DigestContext context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  const bool valid =
      key != nullptr &&
      EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
      EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(message),
                       message.size()) == 1;
  ERR_clear_error();
  return valid;
}

}  // namespace countersign::crypto
