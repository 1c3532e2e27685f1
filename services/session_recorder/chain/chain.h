#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/base/random.h"
#include "libs/base/secret.h"
#include "services/session_recorder/session_record.h"

// The hash chain of one session. Pure functions; hashes are 32 raw bytes.
//
//   c   = SHA-256(LP("countersign data key", k))
//   h_0 = SHA-256(0x00 ‖ LP("countersign session", session, c))
//   h_i = SHA-256(0x00 ‖ LP(session, i, type, time in ns, SHA-256(sealed payload), h_{i-1}))
//
// LP is libs/base LengthPrefixed. h_0 commits to the session's data key k, so that nobody can later
// present another key that opens the same ciphertexts to other plaintexts. Events are committed to
// as ciphertext, so the chain stays verifiable after k was destroyed.
namespace countersign::session_recorder::chain {

std::string KeyCommitment(const SecretString& data_key);
std::string GenesisHash(absl::string_view session_id, absl::string_view key_commitment);
std::string LinkHash(absl::string_view session_id, std::uint32_t index, absl::string_view type,
                     absl::Time at, absl::string_view sealed, absl::string_view previous);

// Seals and opens a payload. The session, index and type are authenticated with it, so it opens in
// no other place. Open: DATA_LOSS.
std::string SealPayload(const SecretString& data_key, absl::string_view session_id,
                        std::uint32_t index, absl::string_view type, absl::string_view payload,
                        RandomSource& random);
absl::StatusOr<std::string> OpenPayload(const SecretString& data_key, absl::string_view session_id,
                                        const SealedEvent& event);

}  // namespace countersign::session_recorder::chain
