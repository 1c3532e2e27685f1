#pragma once

#include <functional>
#include <memory>

#include "absl/time/time.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace countersign::clients {

// What a cache of verified credentials must do when authn revokes one, or cannot be heard. Called
// from one thread at a time, never from a network thread.
struct RevocationHooks {
  std::function<void()> flush;              // everything cached is void; before the acknowledgement
  std::function<void(bool live)> set_live;  // false: treat the cache as empty and keep nothing
};

// Follows authn's revocation stream, on a thread of its own. The cache is live only while the
// stream is open and has said something within `silence` (authn sends a heartbeat every second).
// Whatever ends that - a lost stream, a silence - sets it not live and flushes it, and a new stream
// starts from an empty cache. Destroying it ends the stream, sets the cache not live and joins.
class RevocationWatch {
 public:
  RevocationWatch(std::shared_ptr<grpc::Channel> authn, RevocationHooks hooks,
                  absl::Duration silence = absl::Seconds(5));
  ~RevocationWatch();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace countersign::clients
