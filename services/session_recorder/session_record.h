#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/domain/session.h"

// A session as stored: plain values shared by the core and its stores.
namespace countersign::session_recorder {

// Whether `id` is a lower-case UUID, the only form of a session id.
bool IsSessionId(absl::string_view id);

// The columns by which auditors find a session. All are derived from the session's events
// (summary.h), so a verifier can recompute them.
struct SessionSummary {
  std::string request_id;
  std::string identity;  // display name of the principal
  std::string issuer, subject;
  std::string connection;
  std::string model;
  std::string operation;
  bool stream = false;
  std::string policy;
  std::string review_id;
  std::vector<std::string> approvers;
  domain::SessionEnd end{domain::Outcome::kRunning, "", 0, 0, {}};

  bool running() const { return end.outcome == domain::Outcome::kRunning; }
};

// The first epoch of a session's writer. Taking a session over increments it; the old writer is
// refused from then on.
inline constexpr std::uint64_t kWriterEpoch = 1;

// The newest link of a session's chain; before the first event, index 0 and the genesis hash.
struct Head {
  std::uint32_t index = 0;
  std::string hash;  // 32 raw bytes
};

struct SealedEvent {
  std::uint32_t index = 0;  // from 1, without gaps
  std::string type;
  absl::Time at;
  std::string sealed;  // nonce ‖ ciphertext ‖ tag
  std::string hash;    // h_index, 32 raw bytes
};

struct WrappedKey {
  std::string key_id;  // the KEK's id
  std::string bytes;
};

inline constexpr std::uint64_t kNoPosition = ~std::uint64_t{0};

struct SessionRow {
  std::string id;
  SessionSummary summary;
  absl::Time started_at;
  absl::Time ended_at = absl::InfiniteFuture();  // InfiniteFuture while running
  Head head;
  std::uint64_t epoch = kWriterEpoch;  // of the only writer that may append
  std::string node;                    // the recorder process that serves that writer
  bool kill_ordered = false;
  WrappedKey data_key;
  std::uint64_t position = kNoPosition;  // in the checkpoints' tree; assigned by the checkpointer
};

}  // namespace countersign::session_recorder
