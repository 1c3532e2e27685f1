#pragma once

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "libs/async/retry_loop.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace countersign::clients {

// Asks the session recorder every `every` whether it can record. Thread-safe.
class RecorderReadiness {
 public:
  // An answer is believed for this long: a recorder that restarts does not take the edge away.
  static constexpr absl::Duration kBelieved = absl::Seconds(15);

  RecorderReadiness(const std::shared_ptr<grpc::Channel>& recorder,
                    absl::Duration every = absl::Seconds(2), absl::Duration believed = kBelieved);
  ~RecorderReadiness();

  // "" when sessions can be recorded, else the recorder's reason, or that it cannot be reached.
  // A recorder of a version that does not answer counts as ready. Never blocks.
  std::string NotReady() const;

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

}  // namespace countersign::clients
