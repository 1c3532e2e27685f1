#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace countersign::http {

// What operators read of a process: GET /livez, /readyz and /metrics, in the clear, on an address
// of their own. Everything else is 404. Handlers are called one at a time on the listener's thread
// and may take milliseconds.
struct StatusHandlers {
  std::function<std::string()> not_ready;  // "" when ready (200), else what is missing (503)
  std::function<std::string()> metrics;    // the text exposition
};

class StatusListener {
 public:
  // Listens on "host:port" (port 0: a free one; "[::1]:9464" for IPv6). UNAVAILABLE when the
  // address is taken or not ours.
  static absl::StatusOr<std::unique_ptr<StatusListener>> Start(const std::string& address,
                                                               StatusHandlers handlers);
  ~StatusListener();

  const std::string& address() const;  // with the real port

 private:
  struct State;
  explicit StatusListener(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace countersign::http
