#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "libs/async/awaitable.h"
#include "libs/async/cancellation.h"
#include "libs/http/client_exchange.h"
#include "libs/http/client_options.h"
#include "libs/http/message.h"

namespace countersign::http {

class IoLoop;

// Sends requests over pooled connections of HTTP/1.1 and HTTP/2. One per executor; all members are
// called there. Responses may outlive the client.
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
  // response, or, a few times, if an upstream of HTTP/2 says that it has not begun it
  // (REFUSED_STREAM, or a GOAWAY that leaves it out).
  async::Awaitable<absl::StatusOr<std::unique_ptr<ClientResponse>>> Send(
      const Target& target, const Request& request, async::Cancellation& cancellation);

  // Begins a request whose body follows with ClientExchange::Write and Finish. It is not repeated.
  // Errors as in Send.
  async::Awaitable<absl::StatusOr<std::unique_ptr<ClientExchange>>> Open(
      const Target& target, const OutgoingHead& head, async::Cancellation& cancellation);

  // Takes a response whose content is complete, reads the few bytes that may follow (for at most a
  // second), and returns the connection to the pool if the body ends there. Does not wait.
  void DrainAndRecycle(std::unique_ptr<ClientResponse> response);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace countersign::http
