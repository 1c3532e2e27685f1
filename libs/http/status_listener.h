#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace countersign::http {

// The endpoints for operators: GET /livez, /readyz and /metrics, without TLS, on a separate
// address; other paths are 404. Handlers are called one at a time on the listener's thread and may
// take milliseconds.
struct StatusHandlers {
  std::function<std::string()> not_ready;  // "" when ready (200), otherwise the reason (503)
  std::function<std::string()> metrics;    // the text exposition
};

class StatusListener {
 public:
  // Listens on "host:port" (port 0: a free one; "[::1]:9464" for IPv6). UNAVAILABLE when the
  // address is taken or not local.
  static absl::StatusOr<std::unique_ptr<StatusListener>> Start(const std::string& address,
                                                               StatusHandlers handlers);
  ~StatusListener();

  const std::string& address() const;  // with the actual port

 private:
  struct State;
  explicit StatusListener(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace countersign::http
