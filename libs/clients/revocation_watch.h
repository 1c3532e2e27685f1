#pragma once

#include <functional>
#include <memory>

#include "absl/time/time.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace countersign::clients {

// What a cache of verified credentials does when authn revokes a credential or cannot be reached.
// Called from one thread at a time, never from a network thread.
struct RevocationHooks {
  std::function<void()> flush;  // discards all entries; called before the acknowledgement
  std::function<void(bool live)> set_live;  // false: the cache must not store or return entries
};

// Watches authn's revocation stream on its own thread. The cache is live only while the stream is
// open and a message arrived within `silence` (authn sends a heartbeat every second). When the
// stream ends or is silent, the cache is set not live and flushed; a new stream starts with an
// empty cache. Destruction ends the stream, sets the cache not live and joins.
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
