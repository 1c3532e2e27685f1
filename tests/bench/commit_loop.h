#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace countersign::bench {

// What one durable commit costs with nobody else writing: one client that adds a row to a table of
// its own, prepared, in one round trip. `conninfo` names a role that may create a schema.
class CommitLoop {
 public:
  static absl::StatusOr<std::unique_ptr<CommitLoop>> Create(const std::string& conninfo);
  ~CommitLoop();

  // Commits one after another for so long, and keeps how long each took, in nanoseconds.
  absl::Status Run(absl::Duration duration);
  const std::vector<std::int64_t>& latency() const { return latency_; }

 private:
  struct State;
  explicit CommitLoop(std::unique_ptr<State> state);
  const std::unique_ptr<State> state_;
  std::vector<std::int64_t> latency_;
};

}  // namespace countersign::bench
