#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "services/session_recorder/chain/checkpoint.h"

namespace countersign::session_recorder::chain {

// A place outside of the database that stores the newest checkpoint: it reveals that the database
// was set back. Blocking; thread-safe.
class CheckpointSink {
 public:
  virtual ~CheckpointSink() = default;

  // Its location, for messages.
  virtual std::string name() const = 0;

  // Durable when it returns. A checkpoint that is older than the stored one changes nothing.
  virtual absl::Status Publish(const Checkpoint& checkpoint) = 0;

  // The stored checkpoint, without heads; nothing before the first. DATA_LOSS when the content is
  // not a checkpoint.
  virtual absl::StatusOr<std::optional<Checkpoint>> Newest() = 0;
};

}  // namespace countersign::session_recorder::chain
