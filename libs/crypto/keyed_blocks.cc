#include "libs/crypto/keyed_blocks.h"

#include <openssl/evp.h>

#include <cstdlib>
#include <memory>

namespace countersign::crypto {
namespace {

constexpr std::size_t kKeyBytes = 32;

// Fetched once: looking the cipher up takes longer than a few hundred blocks.
const EVP_CIPHER* Aes256Ecb() {
  static const EVP_CIPHER* const fetched = EVP_CIPHER_fetch(nullptr, "AES-256-ECB", nullptr);
  return fetched;
}

void Check(bool holds) {
  if (!holds) std::abort();  // A wrong size or a broken OpenSSL, never caused by input.
}

}  // namespace

std::string PermuteBlocks(const SecretString& key, const std::string& blocks) {
  Check(key.Reveal().size() == kKeyBytes && blocks.size() % kBlockBytes == 0);
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> cipher(
      EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  const auto* in = reinterpret_cast<const unsigned char*>(blocks.data());
  std::string out(blocks.size() + kBlockBytes, '\0');
  int size = 0;
  Check(EVP_EncryptInit_ex(cipher.get(), Aes256Ecb(), nullptr,
                           reinterpret_cast<const unsigned char*>(key.Reveal().data()),
                           nullptr) == 1);
  Check(EVP_CIPHER_CTX_set_padding(cipher.get(), 0) == 1);
  Check(EVP_EncryptUpdate(cipher.get(), reinterpret_cast<unsigned char*>(out.data()), &size, in,
                          static_cast<int>(blocks.size())) == 1);
  out.resize(blocks.size());
  return out;
}

}  // namespace countersign::crypto
