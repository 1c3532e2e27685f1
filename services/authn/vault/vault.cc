#include "services/authn/vault/vault.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/crypto/hash.h"
#include "libs/crypto/seal.h"

namespace countersign::authn::vault {
namespace {

constexpr absl::string_view kFormat = "v1";

std::string Context(absl::string_view key_id, absl::string_view name) {
  return LengthPrefixed().Add("countersign/credential").Add(kFormat).Add(key_id).Add(name).bytes();
}

absl::Status OpenFailed(absl::string_view name) {
  return WithReason(absl::DataLossError(absl::StrCat("Credential \"", name,
                                                     "\" does not open: it was changed or moved")),
                    "vault_open_failed");
}

}  // namespace

Vault::Vault(std::vector<SecretString> keys, RandomSource& random) : random_(random) {
  for (SecretString& key : keys) {
    std::string id = HexEncode(crypto::HkdfSha256(key.Reveal(), "countersign/vault/key-id", 4));
    keys_.push_back({std::move(id), std::move(key)});
  }
}

absl::StatusOr<std::string> Vault::Seal(absl::string_view name, const SecretString& spec) const {
  CS_RETURN_IF_ERROR(ParseCredentialSpec(spec).status());
  const Key& key = keys_.front();
  return absl::StrCat(
      kFormat, ".", key.id, ".",
      Base64UrlEncode(crypto::Seal(key.value, Context(key.id, name), spec.Reveal(), random_)));
}

absl::StatusOr<SecretString> Vault::Open(absl::string_view name, absl::string_view sealed) const {
  const std::vector<absl::string_view> parts = absl::StrSplit(sealed, '.');
  if (parts.size() != 3 || parts[0] != kFormat) return OpenFailed(name);
  const auto key = std::find_if(keys_.begin(), keys_.end(),
                                [&](const Key& known) { return known.id == parts[1]; });
  if (key == keys_.end()) {
    return WithReason(
        absl::FailedPreconditionError(absl::StrCat(
            "Credential \"", name, "\" was sealed under another vault key: apply it again")),
        "vault_key_missing");
  }
  const auto bytes = Base64UrlDecode(parts[2]);
  if (!bytes.ok()) return OpenFailed(name);
  auto spec = crypto::Open(key->value, Context(key->id, name), *bytes);
  if (!spec.ok()) return OpenFailed(name);
  return SecretString(*std::move(spec));
}

}  // namespace countersign::authn::vault
