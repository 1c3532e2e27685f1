#pragma once

#include <grpcpp/client_context.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "absl/time/time.h"

namespace countersign::clients {

// A thread that does one thing again and again: a call or a stream of its own per round, then a
// pause. Destroying it cancels the round's call and joins. Thread-safe.
class Rounds {
 public:
  // `round` gets a fresh context, which it uses for at most one call, and returns the pause that
  // follows.
  using Context = std::shared_ptr<grpc::ClientContext>;
  using Round = std::function<absl::Duration(const Context& context)>;
  explicit Rounds(Round round);
  ~Rounds();
  Rounds(const Rounds&) = delete;
  Rounds& operator=(const Rounds&) = delete;

  void CutPause();  // The next round begins at once.

 private:
  void Run();

  const Round round_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  bool cut_ = false;
  Context context_;  // of the running round; null between rounds
  std::thread thread_;
};

// Pauses between attempts: 100 ms, doubled up to 2 s, and from the start again after a success.
class Backoff {
 public:
  void Reset() { next_ = kFirst; }
  absl::Duration Next();

 private:
  static constexpr absl::Duration kFirst = absl::Milliseconds(100);
  static constexpr absl::Duration kMost = absl::Seconds(2);
  absl::Duration next_ = kFirst;
};

}  // namespace countersign::clients
