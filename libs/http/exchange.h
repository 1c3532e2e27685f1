#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/async/awaitable.h"
#include "libs/async/cancellation.h"
#include "libs/async/executor.h"
#include "libs/http/message.h"

namespace countersign::http {

// One request and its response, in any version of HTTP. Belongs to one executor; all members are
// called there, with one awaited operation at a time. Over HTTP/2 ReadPiece may be awaited beside
// Begin, Write and Finish.
class Exchange {
 public:
  virtual ~Exchange() = default;

  virtual const RequestHead& head() const = 0;
  virtual const std::string& client_address() const = 0;
  virtual async::Executor executor() = 0;

  // Marks the caller as authenticated. Its connection is kept in preference to unverified ones.
  virtual void SetVerified() = 0;

  // Cancelled with CANCELLED as soon as the caller has left (detected from the end of the request's
  // body on, also while nothing is written), and with ABORTED when a drain ends.
  //
  // Over cleartext HTTP/1.1, until the response begins, a caller may close its sending direction
  // after the request and still wait for the response. A caller that closes it later, or over TLS,
  // HTTP/1.0 or HTTP/2, counts as having left. Over HTTP/2 a caller also leaves by resetting the
  // stream.
  virtual async::Cancellation& cancellation() = 0;

  // Reads the whole body; at most once. RESOURCE_EXHAUSTED when it is above `max_bytes` or the
  // listener's limit, DEADLINE_EXCEEDED when it is too slow, INVALID_ARGUMENT for wrong framing,
  // CANCELLED when the caller left. An unread body is discarded after the response.
  virtual async::Awaitable<absl::StatusOr<std::string>> ReadBody(std::size_t max_bytes) = 0;
  async::Awaitable<absl::StatusOr<std::string>> ReadBody() {
    return ReadBody(std::numeric_limits<std::size_t>::max());
  }

  // Reads the next piece of the body, of any size; "" at its end. Has no limit for the whole body,
  // and is not used together with ReadBody. Over HTTP/2 the caller may send more only as pieces are
  // read, so a slow reader slows the caller. DEADLINE_EXCEEDED when nothing came within `timeout`;
  // other errors as in ReadBody. After an error nothing more can be read.
  virtual async::Awaitable<absl::StatusOr<std::string>> ReadPiece(absl::Duration timeout) = 0;

  // The fields after the body, once it was read to its end. Those of HTTP/1.1 are discarded.
  virtual const Headers& trailers() const = 0;

  // Sends the whole response. Exactly one of Respond and Begin is called, once. Errors mean that
  // the caller can no longer be reached.
  virtual async::Awaitable<absl::Status> Respond(ResponseHead head, absl::string_view body) = 0;

  // Sends a response in pieces. Write returns when the network has taken the piece (over HTTP/2
  // also the caller's flow-control windows), so a slow caller slows its writer. A response that the
  // handler does not finish is cut off in a way that the caller can distinguish from a complete
  // one.
  virtual async::Awaitable<absl::Status> Begin(ResponseHead head) = 0;
  virtual async::Awaitable<absl::Status> Write(absl::string_view piece) = 0;
  // `trailers` are sent after the body, over HTTP/1.1 only to callers that accept them
  // ("te: trailers") and in a chunked response.
  virtual async::Awaitable<absl::Status> Finish(Headers trailers) = 0;
  async::Awaitable<absl::Status> Finish() { return Finish(Headers()); }

  // True once Respond or Begin was called.
  virtual bool begun() const = 0;
};

// Handles requests. Runs on the executor of its exchange; called concurrently on several.
using Handler = std::function<async::Awaitable<void>(Exchange&)>;

}  // namespace countersign::http
