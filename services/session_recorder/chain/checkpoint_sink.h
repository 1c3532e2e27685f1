#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "services/session_recorder/chain/checkpoint.h"

namespace countersign::session_recorder::chain {

// A place outside of the database that knows the newest checkpoint: whoever sets the database back
// must set this back, too. Blocking; thread-safe.
class CheckpointSink {
 public:
  virtual ~CheckpointSink() = default;

  // For messages: where it is.
  virtual std::string name() const = 0;

  // Durable when it returns. One that is older than what the sink knows changes nothing.
  virtual absl::Status Publish(const Checkpoint& checkpoint) = 0;

  // Without heads; nothing before the first. DATA_LOSS when what is there is no checkpoint.
  virtual absl::StatusOr<std::optional<Checkpoint>> Newest() = 0;
};

}  // namespace countersign::session_recorder::chain
