#include "services/authn/access_keys/access_key.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "libs/base/encoding.h"
#include "libs/crypto/hash.h"

namespace countersign::authn::access_keys {
namespace {

constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kIdCharacters = 12;
constexpr std::size_t kMinAdopted = 16;
constexpr std::size_t kMaxAdopted = 4096;

}  // namespace

std::string MakeKeyId(RandomSource& random) {
  constexpr char kAlphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
  std::string id = random.Bytes(kIdCharacters);
  for (char& c : id) c = kAlphabet[static_cast<unsigned char>(c) % 32];
  return id;
}

FreshKey MakeAccessKey(RandomSource& random) {
  std::string id = MakeKeyId(random);
  std::string key = absl::StrCat("cs_", id, "_", Base64UrlEncode(random.Bytes(kSecretBytes)));
  return {std::move(id), SecretString(std::move(key))};
}

absl::Status CheckAdoptedKey(const SecretString& key) {
  const std::string& value = key.Reveal();
  if (value.size() < kMinAdopted) {
    return absl::InvalidArgumentError("the key to adopt has fewer than 16 characters");
  }
  if (value.size() > kMaxAdopted) {
    return absl::InvalidArgumentError("the key to adopt has more than 4096 characters");
  }
  const bool printable =
      std::all_of(value.begin(), value.end(), [](unsigned char c) { return c > 0x20 && c < 0x7f; });
  return printable ? absl::OkStatus()
                   : absl::InvalidArgumentError(
                         "the key to adopt must be printable ASCII without spaces or line breaks");
}

std::string KeyHasher::Hash(const SecretString& key) const {
  return crypto::HmacSha256(hash_key_.Reveal(), absl::StrCat("access-key:", key.Reveal()));
}

}  // namespace countersign::authn::access_keys
