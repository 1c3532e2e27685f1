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
#include "libs/http/tls.h"

namespace countersign::http {

class IoLoop;

struct ClientOptions {
  TlsContext tls;                                     // of ClientTls; null: https cannot be reached
  std::string ca_file;                                // for targets with a client certificate
  absl::Duration connect_timeout = absl::Seconds(5);  // resolving, connecting, handshake
  absl::Duration first_byte_timeout = absl::Seconds(600);
  absl::Duration idle_timeout = absl::Seconds(300);  // between two pieces of a response
  absl::Duration write_timeout = absl::Seconds(60);
  std::size_t max_head_bytes = 64u << 10;
  std::size_t max_head_fields = 256;
  std::size_t max_interim_responses = 16;  // 100, 103: before the response
  // A larger content-length is refused before the parser reserves it. A body without one is for the
  // reader to count.
  std::uint64_t max_content_length = 64u << 20;
  std::size_t max_idle_per_origin = 64;
  // How long an unused connection is kept. Shorter than what servers commonly allow (5 s): what is
  // sent into a connection that is just being closed is lost, and is never sent twice.
  absl::Duration keep_idle = absl::Seconds(4);
  absl::Duration keep_idle_tls = absl::Seconds(30);
};

// Where a request goes, and how.
struct Target {
  Origin origin;
  bool allow_private = false;  // beside addresses written literally in the URL
  SecretString client_certificate_pem;
  SecretString client_key_pem;
};

// A response whose head has arrived. Dropping it before its end drops the connection, and with it
// the work at the other side.
class ClientResponse {
 public:
  virtual ~ClientResponse() = default;
  virtual const ResponseHead& head() const = 0;

  // The next piece of the body as it arrived, or "" at its end. Nothing is read that was not asked
  // for, so a slow reader slows the sender. Errors: DEADLINE_EXCEEDED, UNAVAILABLE (a body that
  // ends before its end too), or why the call was cancelled.
  virtual async::Awaitable<absl::StatusOr<std::string>> Read(async::Cancellation& cancellation) = 0;
};

// HTTP/1.1 requests over connections that are kept and used again. One per executor; all members
// are called there. Responses may outlive the client.
class Client {
 public:
  Client(IoLoop& loop, ClientOptions options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Sends `request` (host, content-length and connection are added) and answers when the head of
  // the response is there. A name is resolved once, and only addresses that VetAddress accepts are
  // connected to. INVALID_ARGUMENT, PERMISSION_DENIED (address), UNAVAILABLE, DEADLINE_EXCEEDED, or
  // why the call was cancelled.
  //
  // A request is sent twice only when it is a GET and a kept connection closed without a byte of
  // answer.
  async::Awaitable<absl::StatusOr<std::unique_ptr<ClientResponse>>> Send(
      const Target& target, const Request& request, async::Cancellation& cancellation);

  // Takes a response whose content is known to be over, reads what little may still come of it (for
  // at most a second), and keeps the connection if it ends there. Does not wait.
  void DrainAndRecycle(std::unique_ptr<ClientResponse> response);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace countersign::http
