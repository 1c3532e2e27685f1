#include "libs/crypto/hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstdlib>

namespace countersign::crypto {
namespace {

// Fetched once: each use of EVP_sha256() looks the algorithm up again in OpenSSL 3, which takes
// longer than hashing a short text.
const EVP_MD* FetchedSha256() {
  static const EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return fetched;
}

struct DigestContext {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~DigestContext() { EVP_MD_CTX_free(context); }
};

}  // namespace

std::string Sha256(absl::string_view data) {
  thread_local const DigestContext reused;
  std::string out(32, '\0');
  auto* const bytes = reinterpret_cast<unsigned char*>(out.data());
  if (EVP_DigestInit_ex(reused.context, FetchedSha256(), nullptr) != 1 ||
      EVP_DigestUpdate(reused.context, data.data(), data.size()) != 1 ||
      EVP_DigestFinal_ex(reused.context, bytes, nullptr) != 1) {
    std::abort();  // Out of memory or a broken OpenSSL.
  }
  return out;
}

struct Sha256Stream::State : DigestContext {};

Sha256Stream::Sha256Stream() : state_(std::make_unique<State>()) {
  if (EVP_DigestInit_ex(state_->context, FetchedSha256(), nullptr) != 1) std::abort();
}
Sha256Stream::~Sha256Stream() = default;

void Sha256Stream::Add(absl::string_view data) {
  if (EVP_DigestUpdate(state_->context, data.data(), data.size()) != 1) std::abort();
}

std::string Sha256Stream::Digest() const {
  const State copy;
  std::string out(32, '\0');
  unsigned int size = 0;
  if (EVP_MD_CTX_copy_ex(copy.context, state_->context) != 1 ||
      EVP_DigestFinal_ex(copy.context, reinterpret_cast<unsigned char*>(out.data()), &size) != 1) {
    std::abort();
  }
  return out;
}

std::string HmacSha256(absl::string_view key, absl::string_view data) {
  std::string out(32, '\0');
  unsigned int size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(data.data()), data.size(),
           reinterpret_cast<unsigned char*>(out.data()), &size) == nullptr) {
    std::abort();
  }
  return out;
}

std::string HkdfSha256(absl::string_view key, absl::string_view info, std::size_t length) {
  const std::string extracted = HmacSha256(std::string(32, '\0'), key);
  std::string out;
  std::string block;
  for (unsigned char counter = 1; out.size() < length; ++counter) {
    std::string input = block;
    input.append(info.data(), info.size());
    input.push_back(static_cast<char>(counter));
    block = HmacSha256(extracted, input);
    out += block;
  }
  out.resize(length);
  return out;
}

bool ConstantTimeEquals(absl::string_view a, absl::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace countersign::crypto
