#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/async/awaitable.h"
#include "libs/async/cancellation.h"
#include "libs/async/executor.h"
#include "libs/dialects/dialect.h"

namespace countersign::edge::call {

// The head of a request as its transport read it.
struct RequestHead {
  std::string method;
  std::string path;   // without the query
  std::string query;  // without '?'
  dialects::HeaderList headers;
  std::string client_address;  // "address:port"
};

// The head of a reply. Framing and the connection's own headers are the transport's.
struct ReplyHead {
  int status = 200;
  dialects::HeaderList headers;
};

// The caller's side of one call: its request and the reply to it, whatever protocol carries them.
// Lives on one executor; all members are called there, one awaited operation at a time.
//
// Implementations: http_transport::HttpCallerConnection, testing::FakeCallerConnection.
class CallerConnection {
 public:
  virtual ~CallerConnection() = default;

  virtual const RequestHead& head() const = 0;
  virtual async::Executor executor() = 0;

  // Says that the caller has authenticated: where connections are too many, it is kept before those
  // of strangers.
  virtual void SetVerified() = 0;

  // Cancelled with CANCELLED as soon as the caller is seen to have left, and with ABORTED when a
  // drain ends.
  virtual async::Cancellation& cancellation() = 0;

  // The whole body, at most once. RESOURCE_EXHAUSTED when it is larger than the limit,
  // DEADLINE_EXCEEDED when it comes too slowly, INVALID_ARGUMENT when its framing is wrong,
  // CANCELLED when the caller left.
  virtual async::Awaitable<absl::StatusOr<std::string>> ReadBody() = 0;

  // The whole reply. Exactly one of Send and Begin is called, once. Errors mean that the caller
  // cannot be reached any more. `body` must outlive the sending.
  virtual async::Awaitable<absl::Status> Send(ReplyHead head, absl::string_view body) = 0;

  // A reply in pieces. Write returns when the network has taken the piece, so a slow caller slows
  // its writer. A reply that is never finished is cut off in a way that the caller can tell from a
  // complete one.
  virtual async::Awaitable<absl::Status> Begin(ReplyHead head) = 0;
  virtual async::Awaitable<absl::Status> Write(absl::string_view piece) = 0;
  virtual async::Awaitable<absl::Status> Finish() = 0;
};

}  // namespace countersign::edge::call
