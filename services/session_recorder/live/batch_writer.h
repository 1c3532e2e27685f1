#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/random.h"
#include "services/session_recorder/chain/key_ring.h"
#include "services/session_recorder/store/record_store.h"

namespace countersign::session_recorder::live {

// The state of a session that has a writer. Used by the committing thread only.
struct WriterState {
  SessionRow row;  // as stored, unless `known` is false
  SecretString data_key;
  bool opened = false;  // the row exists in the store
  bool known = true;    // false after a commit failed: read the row again before the next one
  bool closed = false;  // ended, or taken over from this writer
  bool lossy = false;   // the end is durable, but events submitted with it are not
  absl::Status broken;  // not OK after an error: only the end is accepted
};

// One write to one session, committed as a whole, in the order of the members.
struct PendingWrite {
  // kEnd is sent by the session's writer; kClose is made by the recorder for a writer that is gone.
  enum class Kind { kAppend, kEnd, kClose };
  Kind kind = Kind::kAppend;
  absl::Time at;
  std::optional<std::string>
      request;  // payload of the first event, of the write that opens the session
  std::vector<domain::SessionEvent> events;
  std::string end;            // payload of the last event; of kEnd and kClose
  std::string end_if_broken;  // used instead of `end` when events before it were refused

  bool ends() const { return kind != Kind::kAppend; }
};

// Turns writes into chained, sealed events and commits them together. Not thread-safe: used by one
// committing thread.
class BatchWriter {
 public:
  BatchWriter(store::RecordStore& store, chain::KeyRing& keys, RandomSource& random)
      : store_(store), keys_(keys), random_(random) {}

  using Item = std::pair<WriterState*, PendingWrite*>;

  // Writes `items` in one transaction. Returns for each item, in order, the index of its last event
  // when durable, or its error. An error of one session does not affect others; a failed
  // transaction fails all. After an error a session accepts only its end. Takes the payloads out of
  // the writes, because large ones would be in memory twice.
  std::vector<absl::StatusOr<std::uint32_t>> Write(const std::vector<Item>& items);

 private:
  struct Draft;
  absl::Status Admit(WriterState& state, const PendingWrite& pending);
  absl::Status Reread(WriterState& state);
  absl::Status Extend(WriterState& state, PendingWrite& pending, store::SessionWrite& write);
  void Add(const WriterState& state, const domain::SessionEvent& event, absl::Time at,
           store::SessionWrite& write);
  void Commit(std::vector<store::SessionWrite> writes, std::vector<Draft>& drafts,
              std::vector<absl::StatusOr<std::uint32_t>>& answers);

  store::RecordStore& store_;
  chain::KeyRing& keys_;
  RandomSource& random_;
};

}  // namespace countersign::session_recorder::live
