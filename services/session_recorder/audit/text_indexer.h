#pragma once

#include "absl/status/status.h"
#include "services/session_recorder/chain/key_ring.h"
#include "services/session_recorder/store/record_store.h"

namespace countersign::session_recorder::audit {

// Makes the text filters (text_filter.h) of sessions, once a checkpoint covers their end, in the
// order of the checkpoints. Several recorders may do so at the same time. Used by one thread.
class TextIndexer {
 public:
  TextIndexer(store::RecordStore& store, chain::KeyRing& keys) : store_(store), keys_(keys) {}

  // Makes the next filters, of 2,000 sessions at most. Blocking.
  absl::Status Tick();

 private:
  absl::StatusOr<bool> MakeSome();

  store::RecordStore& store_;
  chain::KeyRing& keys_;
};

}  // namespace countersign::session_recorder::audit
