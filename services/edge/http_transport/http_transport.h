#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/async/executor.h"
#include "libs/http/server.h"
#include "libs/http/workers.h"
#include "services/edge/request_handler.h"

namespace countersign::edge::http_transport {

struct ListenOn {
  std::string address = "127.0.0.1:8080";  // host:port; port 0: a free one
  std::string certificate_file;            // PEM chain and key: TLS; both empty: cleartext
  std::string key_file;
};

struct HttpOptions {
  std::vector<ListenOn> listen = {ListenOn{}};
  std::size_t threads = 2;

  // Of callers.
  std::size_t max_head_bytes = 64u << 10;
  std::size_t max_body_bytes = 32u << 20;
  absl::Duration head_timeout = absl::Seconds(30);
  absl::Duration body_timeout = absl::Seconds(60);  // without a byte
  absl::Duration body_total_timeout = absl::Minutes(5);
  absl::Duration idle_timeout = absl::Seconds(620);
  absl::Duration write_timeout = absl::Seconds(300);  // a caller that takes nothing

  // Of upstreams.
  std::string upstream_ca_file;  // PEM; empty: the system's
  absl::Duration connect_timeout = absl::Seconds(5);
  absl::Duration first_byte_timeout = absl::Seconds(600);
  absl::Duration upstream_idle_timeout = absl::Seconds(300);
};

// HTTP on both sides of the gateway: network threads, listeners, and one client per thread, so that
// a call, its caller's connection and its upstream's live on one thread and need no lock.
// Thread-safe once started.
class HttpTransport {
 public:
  // `handler` must exist until the transport has stopped. Of an answer's content-length more than
  // `max_response_bytes` is refused.
  HttpTransport(const HttpOptions& options, std::size_t max_response_bytes,
                RequestHandler& handler);
  ~HttpTransport();  // cuts off what still runs
  HttpTransport(const HttpTransport&) = delete;
  HttpTransport& operator=(const HttpTransport&) = delete;

  // Binds every address and starts to serve. UNAVAILABLE when an address is taken, INVALID_ARGUMENT
  // when a certificate cannot be read.
  absl::Status Start();

  // The bound addresses, in the order of the options, with real ports.
  std::vector<std::string> addresses() const;

  // Stops listening, lets calls finish until `timeout`, then stops them. Blocks.
  void Drain(absl::Duration timeout);

 private:
  struct Worker;  // what belongs to one network thread

  http::ServerOptions MakeServerOptions();
  async::Awaitable<void> Handle(http::Exchange& exchange);

  const HttpOptions options_;
  const std::size_t max_response_bytes_;
  RequestHandler& handler_;

  // Threads last: everything that they use outlives them.
  std::map<async::Executor, std::unique_ptr<Worker>> workers_;
  http::Workers network_;
  std::vector<std::unique_ptr<http::Listener>> listeners_;
};

}  // namespace countersign::edge::http_transport
