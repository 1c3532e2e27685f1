#include "services/session_recorder/chain/chain.h"

#include "absl/strings/str_cat.h"
#include "libs/base/encoding.h"
#include "libs/crypto/hash.h"
#include "libs/crypto/seal.h"

namespace countersign::session_recorder::chain {
namespace {

std::string LeafHash(const LengthPrefixed& fields) {
  return crypto::Sha256(absl::StrCat(absl::string_view("\0", 1), fields.bytes()));
}

std::string Place(absl::string_view session_id, std::uint32_t index, absl::string_view type) {
  return LengthPrefixed()
      .Add("countersign event")
      .Add(session_id)
      .Add(std::uint64_t{index})
      .Add(type)
      .bytes();
}

}  // namespace

std::string KeyCommitment(const SecretString& data_key) {
  return crypto::Sha256(
      LengthPrefixed().Add("countersign data key").Add(data_key.Reveal()).bytes());
}

std::string GenesisHash(absl::string_view session_id, absl::string_view key_commitment) {
  return LeafHash(LengthPrefixed().Add("countersign session").Add(session_id).Add(key_commitment));
}

std::string LinkHash(absl::string_view session_id, std::uint32_t index, absl::string_view type,
                     absl::Time at, absl::string_view sealed, absl::string_view previous) {
  return LeafHash(LengthPrefixed()
                      .Add(session_id)
                      .Add(std::uint64_t{index})
                      .Add(type)
                      .Add(static_cast<std::uint64_t>(absl::ToUnixNanos(at)))
                      .Add(crypto::Sha256(sealed))
                      .Add(previous));
}

std::string SealPayload(const SecretString& data_key, absl::string_view session_id,
                        std::uint32_t index, absl::string_view type, absl::string_view payload,
                        RandomSource& random) {
  return crypto::Seal(data_key, Place(session_id, index, type), payload, random);
}

absl::StatusOr<std::string> OpenPayload(const SecretString& data_key, absl::string_view session_id,
                                        const SealedEvent& event) {
  return crypto::Open(data_key, Place(session_id, event.index, event.type), event.sealed);
}

}  // namespace countersign::session_recorder::chain
