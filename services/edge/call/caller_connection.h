#pragma once

#include <cstddef>
#include <limits>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/async/awaitable.h"
#include "libs/async/cancellation.h"
#include "libs/async/executor.h"
#include "libs/dialects/dialect.h"

namespace countersign::edge::call {

// The head of a request, independent of the transport.
struct RequestHead {
  std::string method;
  std::string path;   // without the query
  std::string query;  // without '?'
  dialects::HeaderList headers;
  std::string client_address;  // "address:port"
  int http_version = 1;        // the major version; gRPC needs 2
  // A call of gRPC: `path` is a method's, and the body has the messages, uncompressed. It may name
  // its connection; "" leaves that to host, path and default.
  bool rpc = false;
  std::string connection;
};

// The head of a reply. Framing and connection headers are added by the transport.
struct ReplyHead {
  int status = 200;
  dialects::HeaderList headers;
};

// The caller's side of a call, its request and the reply, independent of the protocol. Belongs to
// one executor; all members are called there, with one awaited operation at a time. Over HTTP/2
// ReadPiece may be awaited beside Begin, Write and Finish.
//
// Implementations: http_transport::HttpCallerConnection, grpc_calls::PipelineCaller (typed prompts
// and governed RPCs), ext_proc::ProxiedCaller, testing::FakeCallerConnection.
class CallerConnection {
 public:
  virtual ~CallerConnection() = default;

  virtual const RequestHead& head() const = 0;
  virtual async::Executor executor() = 0;

  // Marks the caller as authenticated. When there are too many connections, those of
  // unauthenticated callers are closed first.
  virtual void SetVerified() = 0;

  // Cancelled with CANCELLED as soon as the caller has left, and with ABORTED when a drain ends.
  virtual async::Cancellation& cancellation() = 0;

  // The whole body, at most once. RESOURCE_EXHAUSTED when it is larger than `max_bytes` or the
  // transport's limit,
  // DEADLINE_EXCEEDED when it comes too slowly, INVALID_ARGUMENT when its framing is wrong,
  // CANCELLED when the caller left.
  virtual async::Awaitable<absl::StatusOr<std::string>> ReadBody(std::size_t max_bytes) = 0;
  async::Awaitable<absl::StatusOr<std::string>> ReadBody() {
    return ReadBody(std::numeric_limits<std::size_t>::max());
  }

  // Reads the next piece of the body, of any size; "" at its end. Has no limit for the whole body,
  // and is not used together with ReadBody. DEADLINE_EXCEEDED when nothing came within `timeout`;
  // over HTTP/2 the cause of the call's cancellation; other errors as in ReadBody. After an error
  // nothing more can be read.
  virtual async::Awaitable<absl::StatusOr<std::string>> ReadPiece(absl::Duration timeout) = 0;

  // Sends the whole reply. Exactly one of Send and Begin is called, once. Errors mean that the
  // caller can no longer be reached. `body` must outlive the call.
  virtual async::Awaitable<absl::Status> Send(ReplyHead head, absl::string_view body) = 0;

  // Whether a reply may begin before the model has answered: a held stream is kept alive with it.
  virtual bool CanBeginEarly() const { return true; }

  // Sends a reply in pieces. Write returns when the network has taken the piece, so a slow caller
  // slows its writer. An unfinished reply is cut off in a way that the caller can distinguish from
  // a complete one.
  virtual async::Awaitable<absl::Status> Begin(ReplyHead head) = 0;
  virtual async::Awaitable<absl::Status> Write(absl::string_view piece) = 0;
  // `trailers` follow the body where the transport has them: over HTTP/2, and over HTTP/1.1 to
  // callers that accept them.
  virtual async::Awaitable<absl::Status> Finish(dialects::HeaderList trailers) = 0;
  async::Awaitable<absl::Status> Finish() { return Finish(dialects::HeaderList()); }
};

}  // namespace countersign::edge::call
