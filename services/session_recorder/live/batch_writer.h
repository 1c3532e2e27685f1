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

// What the recorder knows of a session that it writes. Touched by the committing thread alone.
struct WriterState {
  SessionRow row;  // as it is in the store, as far as `known`
  SecretString data_key;
  bool opened = false;  // the store has the row
  bool known = true;    // false after a commit failed: read the row again before the next one
  bool closed = false;  // ended, or taken away from this writer
  bool lossy = false;   // its end is durable, but events that came with the end are not
  absl::Status broken;  // not OK: events were refused, so that only the end may follow
};

// One thing to write to one session: all of it in one commit, in the order of the fields.
struct PendingWrite {
  // An end is the writer's own. A close is the recorder's, in the place of a writer that is gone.
  enum class Kind { kAppend, kEnd, kClose };
  Kind kind = Kind::kAppend;
  absl::Time at;
  std::optional<std::string> request;  // payload of the first event; set by what opens the session
  std::vector<domain::SessionEvent> events;
  std::string end;            // payload of the last event; of kEnd and kClose
  std::string end_if_broken;  // the same, should events before it be refused; empty: `end`

  bool ends() const { return kind != Kind::kAppend; }
};

// Turns entries into chained, sealed events and commits them together. Not thread-safe: one
// committing thread at a time.
class BatchWriter {
 public:
  BatchWriter(store::RecordStore& store, chain::KeyRing& keys, RandomSource& random)
      : store_(store), keys_(keys), random_(random) {}

  using Item = std::pair<WriterState*, const PendingWrite*>;

  // Writes `items` in one transaction. One answer per item, in order: the index of the item's last
  // event when it is durable, else why not. Errors of one session do not touch the others, except
  // that a transaction that fails fails for all. After an error a session accepts only its end.
  std::vector<absl::StatusOr<std::uint32_t>> Write(const std::vector<Item>& items);

 private:
  struct Draft;
  absl::Status Admit(WriterState& state, const PendingWrite& pending);
  absl::Status Reread(WriterState& state);
  absl::Status Extend(WriterState& state, const PendingWrite& pending, store::SessionWrite& write);
  void Add(const WriterState& state, const domain::SessionEvent& event, absl::Time at,
           store::SessionWrite& write);
  void Commit(std::vector<store::SessionWrite>& writes, const std::vector<Draft>& drafts,
              std::vector<absl::StatusOr<std::uint32_t>>& answers);

  store::RecordStore& store_;
  chain::KeyRing& keys_;
  RandomSource& random_;
};

}  // namespace countersign::session_recorder::live
