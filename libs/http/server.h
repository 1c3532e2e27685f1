#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/http/exchange.h"
#include "libs/http/http2/http2_options.h"
#include "libs/http/message.h"
#include "libs/http/security/tls_context.h"
#include "libs/http/workers.h"

namespace countersign::http {

struct ServerOptions {
  // For the first three see libs/http/limits/connection_table.h.
  std::size_t max_connections = 16'384;
  std::size_t reserved_for_verified = 4'096;      // at most half of max_connections
  std::size_t max_unverified_per_source = 1'024;  // a source: an IPv4 address, an IPv6 /64

  std::size_t max_head_bytes = 64u << 10;
  std::size_t max_head_fields = 100;
  std::size_t max_body_bytes = 32u << 20;
  // From the connection to the end of its TLS handshake, and from there to the first byte of a
  // request.
  absl::Duration first_byte_timeout = absl::Seconds(10);
  absl::Duration head_timeout = absl::Seconds(30);  // from a head's first byte to its last
  absl::Duration body_timeout = absl::Seconds(60);  // between two reads
  absl::Duration body_total_timeout = absl::Minutes(5);
  absl::Duration idle_timeout = absl::Seconds(620);  // between two requests
  absl::Duration write_timeout = absl::Seconds(300);

  http2::Http2Options http2;  // of HTTP/2 connections

  // The response to a request that does not reach a handler (400, 408, 431) or that the handler did
  // not answer (500). Empty: no body.
  struct Refusal {
    Headers headers;
    std::string body;
  };
  std::function<Refusal(int status)> refuse;
};

// Accepts requests at an address, in every version of HTTP, until it is drained.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual const std::string& address() const = 0;  // "host:port", with the actual port

  // Uses `tls` for connections that are accepted from now on; those that exist keep theirs.
  // REQUIRES: the listener was started with TLS. Thread-safe.
  virtual void SetTls(security::TlsContext tls) = 0;

  // Accepts no new connections and no further requests. Open exchanges may finish until `timeout`;
  // then they are cancelled, and shortly afterwards cut off. Returns when none is left. Blocking:
  // not to be called on a worker.
  virtual void Drain(absl::Duration timeout) = 0;
};

// Listens for HTTP/1.1 and HTTP/2, with TLS if `tls` is set: over TLS the caller chooses the
// version with ALPN, in cleartext with its first bytes (prior knowledge; an Upgrade field is
// ignored). Connections are distributed over the workers, which must outlive the listener.
// UNAVAILABLE when the address is taken or not local.
absl::StatusOr<std::unique_ptr<Listener>> ListenHttp(Workers& workers, const std::string& address,
                                                     security::TlsContext tls,
                                                     ServerOptions options, Handler handler);

}  // namespace countersign::http
