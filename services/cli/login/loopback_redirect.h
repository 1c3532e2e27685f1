#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace countersign::cli::login {

// Receives the browser that a provider sends back to this machine (RFC 8252 §7.3): listens on a
// free port of 127.0.0.1 for one request. Not thread-safe.
class LoopbackRedirect {
 public:
  static absl::StatusOr<std::unique_ptr<LoopbackRedirect>> Listen();
  ~LoopbackRedirect();
  LoopbackRedirect(const LoopbackRedirect&) = delete;
  LoopbackRedirect& operator=(const LoopbackRedirect&) = delete;

  const std::string& uri() const { return uri_; }  // http://127.0.0.1:PORT/callback

  // The query of the first request to the URI; others, such as for an icon, get 404. The browser
  // shows a page that says that it may be closed. DEADLINE_EXCEEDED when nobody comes.
  absl::StatusOr<std::string> AwaitQuery(absl::Duration timeout);

 private:
  LoopbackRedirect(int listener, std::string uri) : listener_(listener), uri_(std::move(uri)) {}

  const int listener_;
  const std::string uri_;
};

}  // namespace countersign::cli::login
