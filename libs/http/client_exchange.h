#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/async/awaitable.h"
#include "libs/async/cancellation.h"
#include "libs/http/message.h"

namespace countersign::http {

// A response whose head has arrived. Destroying it before the end of its body cancels the server's
// work: over HTTP/1.1 it closes the connection, over HTTP/2 it resets the stream.
class ClientResponse {
 public:
  virtual ~ClientResponse() = default;
  virtual const ResponseHead& head() const = 0;

  // The next piece of the body as received, or "" at its end. Reads only on demand, so a slow
  // reader slows the sender. Errors: DEADLINE_EXCEEDED, UNAVAILABLE (also for a truncated body), or
  // the cancellation's cause. Over HTTP/2 a cancellation resets the stream at once.
  virtual async::Awaitable<absl::StatusOr<std::string>> Read(async::Cancellation& cancellation) = 0;

  // The fields after the body, once it was read to its end. Those of HTTP/1.1 are discarded.
  virtual const Headers& trailers() const = 0;
};

// A request and its response, in any version of HTTP, whose request may still be sent while the
// response is read. Belongs to one executor; all members are called there, with one awaited
// operation of each direction at a time. Errors are those of Client::Send.
class ClientExchange : public ClientResponse {
 public:
  // Sends a piece of the request's body. Returns when the network (over HTTP/2 also the upstream's
  // flow-control windows) has taken it, so a slow upstream slows its writer. An empty piece sends
  // what is waiting, such as the head. After an error the response may still be read: an upstream
  // may answer without reading the request.
  virtual async::Awaitable<absl::Status> Write(absl::string_view piece,
                                               async::Cancellation& cancellation) = 0;

  // Ends the request, once. `trailers` are sent over HTTP/2 only.
  virtual async::Awaitable<absl::Status> Finish(Headers trailers,
                                                async::Cancellation& cancellation) = 0;

  // Returns when the response's head has arrived. Called once, before head() and Read.
  virtual async::Awaitable<absl::Status> ReadHead(async::Cancellation& cancellation) = 0;

  // After an error, whether the upstream said that it has not begun the request, so that any
  // request may be sent again.
  virtual bool unprocessed() const = 0;
  // After an error, whether a connection that had been used before ended before any byte of the
  // response, so that a request without effects may be sent again.
  virtual bool stale() const = 0;
};

// The head of a request whose body follows.
struct OutgoingHead {
  RequestHead head;
  std::optional<std::uint64_t> content_length;  // none: the body is sent in pieces

  bool HasBody() const { return content_length != 0; }
  bool NeedsContentLength() const {
    return content_length.has_value() && (*content_length > 0 || head.method == "POST");
  }
};

}  // namespace countersign::http
