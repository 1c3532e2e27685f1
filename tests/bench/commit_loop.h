#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace countersign::bench {

// Measures one durable commit without other writers: one client inserts rows into a table by a
// prepared statement, in one round trip. `conninfo` names a role that may create a schema.
class CommitLoop {
 public:
  static absl::StatusOr<std::unique_ptr<CommitLoop>> Create(const std::string& conninfo);
  ~CommitLoop();

  // Commits repeatedly for `duration` and stores the latencies in nanoseconds.
  absl::Status Run(absl::Duration duration);
  const std::vector<std::int64_t>& latency() const { return latency_; }

 private:
  struct State;
  explicit CommitLoop(std::unique_ptr<State> state);
  const std::unique_ptr<State> state_;
  std::vector<std::int64_t> latency_;
};

}  // namespace countersign::bench
