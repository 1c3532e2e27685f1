#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/async/executor.h"
#include "libs/async/periodic_task.h"
#include "libs/base/mutex.h"
#include "libs/base/thread_pool.h"
#include "libs/http/client_options.h"
#include "libs/http/http2/http2_options.h"
#include "libs/http/security/server_certificate.h"
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
  std::size_t max_connections = 16'384;
  std::size_t max_unverified_per_source = 1'024;  // see libs/http/limits/connection_table.h
  std::size_t max_head_bytes = 64u << 10;
  std::size_t max_head_fields = 100;
  std::size_t max_body_bytes = 32u << 20;
  absl::Duration new_connection_timeout = absl::Seconds(10);  // for the first byte
  absl::Duration head_timeout = absl::Seconds(30);
  absl::Duration body_timeout = absl::Seconds(60);  // between two reads
  absl::Duration body_total_timeout = absl::Minutes(5);
  absl::Duration idle_timeout = absl::Seconds(620);
  absl::Duration write_timeout = absl::Seconds(300);  // for a caller that does not read
  http::http2::Http2Options http2;

  // For upstreams.
  std::string upstream_ca_file;  // PEM; empty: the system's
  absl::Duration connect_timeout = absl::Seconds(5);
  absl::Duration first_byte_timeout = absl::Seconds(600);
  absl::Duration upstream_idle_timeout = absl::Seconds(300);
  http::http2::Http2ClientOptions upstream_http2;
};

// HTTP on both sides of the gateway: network threads, listeners, and one client per thread, so that
// a call, its caller's connection and its upstream's are used on one thread and need no locks.
// Thread-safe once started.
class HttpTransport {
 public:
  // `body_pool`, for work on large bodies, and `handler` must exist until the transport has
  // stopped. Answers with a content-length above `max_response_bytes` are refused.
  HttpTransport(const HttpOptions& options, std::size_t max_response_bytes, ThreadPool& body_pool,
                RequestHandler& handler);
  ~HttpTransport();  // cuts off running calls
  HttpTransport(const HttpTransport&) = delete;
  HttpTransport& operator=(const HttpTransport&) = delete;

  // Binds every address and starts to serve. UNAVAILABLE when an address is taken, INVALID_ARGUMENT
  // when a certificate cannot be read.
  absl::Status Start();

  // The bound addresses, in the order of the options, with actual ports.
  std::vector<std::string> addresses() const;

  // Serves new connections with the certificates that the files contain now. Called every ten
  // seconds by a thread of the transport. INVALID_ARGUMENT when one cannot be used; its listener
  // keeps the one it has.
  absl::Status ReloadCertificates() CS_EXCLUDES(certificates_mutex_);

  // Connects to each target, sends nothing, and closes. The results are in the order of the
  // targets; DEADLINE_EXCEEDED for what took longer than `timeout`. Blocks. REQUIRES: started.
  std::vector<absl::Status> TryConnect(const std::vector<http::Target>& targets,
                                       absl::Duration timeout);

  // Stops listening, lets calls finish until `timeout`, then cancels them. Blocks.
  void Drain(absl::Duration timeout);

 private:
  struct Worker;  // the objects of one network thread

  absl::Status Listen(const ListenOn& listen);
  http::ServerOptions MakeServerOptions();
  async::Awaitable<void> Handle(http::Exchange& exchange);

  const HttpOptions options_;
  http::ClientOptions client_options_;  // set by Start
  const std::size_t max_response_bytes_;
  ThreadPool& body_pool_;
  RequestHandler& handler_;

  // Destroyed after the threads, which use it.
  std::map<async::Executor, std::unique_ptr<Worker>> workers_;
  http::Workers network_;
  std::vector<std::unique_ptr<http::Listener>> listeners_;

  struct Served {
    http::security::ServerCertificate certificate;
    http::Listener& listener;
  };
  Mutex certificates_mutex_;
  std::vector<Served> certificates_ CS_GUARDED_BY(certificates_mutex_);
  std::unique_ptr<async::PeriodicTask> reload_;  // last: its thread uses all of the above
};

}  // namespace countersign::edge::http_transport
