#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/async/awaitable.h"
#include "libs/async/cancellation.h"
#include "libs/base/secret.h"
#include "libs/http/address.h"
#include "libs/http/message.h"
#include "libs/http/security/tls_context.h"

namespace countersign::http {

class IoLoop;

inline constexpr absl::string_view kUnreachable = "upstream_unreachable";
inline constexpr absl::string_view kProtocol = "upstream_protocol";

struct ClientOptions {
  security::TlsContext tls;  // from security::ClientTls; null: https is not available
  std::string ca_file;       // CA file for targets with a client certificate
  absl::Duration connect_timeout = absl::Seconds(5);  // resolving, connecting, handshake
  absl::Duration first_byte_timeout = absl::Seconds(600);
  absl::Duration idle_timeout = absl::Seconds(300);  // between two reads of a response
  absl::Duration write_timeout = absl::Seconds(60);
  std::size_t max_head_bytes = 64u << 10;
  std::size_t max_head_fields = 256;
  std::size_t max_interim_responses = 16;  // 100, 103: before the response
  // A larger content-length is refused before the parser reserves it. For a body without one, the
  // reader must count.
  std::uint64_t max_content_length = 64u << 20;
  std::size_t max_idle_per_origin = 64;
  // How long an unused connection is kept. Shorter than servers commonly allow (5 s), because a
  // request sent into a closing connection is lost and is not repeated.
  absl::Duration keep_idle = absl::Seconds(4);
  absl::Duration keep_idle_tls = absl::Seconds(30);
};

// The destination of a request.
struct Target {
  Origin origin;
  bool allow_private = false;  // addresses written literally in the URL are always allowed
  SecretString client_certificate_pem;
  SecretString client_key_pem;
};

// A response whose head has arrived. Destroying it before the end of its body closes the
// connection, which cancels the server's work.
class ClientResponse {
 public:
  virtual ~ClientResponse() = default;
  virtual const ResponseHead& head() const = 0;

  // The next piece of the body as received, or "" at its end. Reads only on demand, so a slow
  // reader slows the sender. Errors: DEADLINE_EXCEEDED, UNAVAILABLE (also for a truncated body), or
  // the cancellation's cause.
  virtual async::Awaitable<absl::StatusOr<std::string>> Read(async::Cancellation& cancellation) = 0;
};

// Sends HTTP/1.1 requests over pooled connections. One per executor; all members are called there.
// Responses may outlive the client.
class Client {
 public:
  Client(IoLoop& loop, ClientOptions options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Sends `request` (host, content-length and connection are added) and returns when the response's
  // head has arrived. The name is resolved once, and only addresses that VetAddress accepts are
  // connected to. Errors: INVALID_ARGUMENT, PERMISSION_DENIED (address), UNAVAILABLE,
  // DEADLINE_EXCEEDED, or the cancellation's cause. Their reason is kUnreachable when nothing was
  // sent and kProtocol, also in ClientResponse::Read, when the answer is not valid HTTP.
  //
  // A request is repeated only if it is a GET and a pooled connection closed before any byte of the
  // response.
  async::Awaitable<absl::StatusOr<std::unique_ptr<ClientResponse>>> Send(
      const Target& target, const Request& request, async::Cancellation& cancellation);

  // Takes a response whose content is complete, reads the few bytes that may follow (for at most a
  // second), and returns the connection to the pool if the body ends there. Does not wait.
  void DrainAndRecycle(std::unique_ptr<ClientResponse> response);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace countersign::http
