#include "libs/crypto/seal.h"

#include <openssl/evp.h>

#include <cstdlib>
#include <memory>

#include "absl/status/status.h"

namespace countersign::crypto {
namespace {

constexpr std::size_t kNonce = 12;
constexpr std::size_t kTag = 16;
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* Bytes(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// Fetched once: looking the cipher up each time takes longer than sealing a short text.
const EVP_CIPHER* Aes256Gcm() {
  static const EVP_CIPHER* const fetched = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  return fetched;
}

void Check(int result) {
  if (result != 1) std::abort();  // A wrong key size or a broken OpenSSL, never caused by input.
}

}  // namespace

std::string Seal(const SecretString& key, absl::string_view context, absl::string_view plaintext,
                 RandomSource& random) {
  if (key.Reveal().size() != kSealKeyBytes) std::abort();
  std::string out = random.Bytes(kNonce);
  out.resize(kNonce + plaintext.size() + kTag);
  auto* body = reinterpret_cast<unsigned char*>(out.data()) + kNonce;
  const CipherContext cipher(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  int size = 0;
  Check(EVP_EncryptInit_ex(cipher.get(), Aes256Gcm(), nullptr, Bytes(key.Reveal()), Bytes(out)));
  Check(EVP_EncryptUpdate(cipher.get(), nullptr, &size, Bytes(context),
                          static_cast<int>(context.size())));
  Check(EVP_EncryptUpdate(cipher.get(), body, &size, Bytes(plaintext),
                          static_cast<int>(plaintext.size())));
  Check(EVP_EncryptFinal_ex(cipher.get(), body + size, &size));
  Check(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTag, body + plaintext.size()));
  return out;
}

absl::StatusOr<std::string> Open(const SecretString& key, absl::string_view context,
                                 absl::string_view sealed) {
  if (key.Reveal().size() != kSealKeyBytes) std::abort();
  if (sealed.size() < kNonce + kTag) return absl::DataLossError("sealed value is too short");
  const std::size_t body_size = sealed.size() - kNonce - kTag;
  std::string tag(sealed.substr(sealed.size() - kTag));
  std::string out(body_size, '\0');
  const CipherContext cipher(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  int size = 0;
  Check(EVP_DecryptInit_ex(cipher.get(), Aes256Gcm(), nullptr, Bytes(key.Reveal()), Bytes(sealed)));
  Check(EVP_DecryptUpdate(cipher.get(), nullptr, &size, Bytes(context),
                          static_cast<int>(context.size())));
  auto* plain = reinterpret_cast<unsigned char*>(out.data());
  Check(EVP_DecryptUpdate(cipher.get(), plain, &size, Bytes(sealed) + kNonce,
                          static_cast<int>(body_size)));
  Check(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTag, tag.data()));
  if (EVP_DecryptFinal_ex(cipher.get(), plain + size, &size) != 1) {
    return absl::DataLossError(
        "sealed value does not open: wrong key, wrong context or changed bytes");
  }
  return out;
}

}  // namespace countersign::crypto
