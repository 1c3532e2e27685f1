#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/async/awaitable.h"
#include "libs/async/cancellation.h"
#include "libs/dialects/dialect.h"
#include "libs/domain/authenticator.h"
#include "libs/domain/resources.h"

namespace countersign::edge::call {

namespace admission {
class AdmittedRequest;
}

// A model's response whose head has arrived. Destroying it before the end of its body cancels the
// upstream's work.
class UpstreamResponse {
 public:
  virtual ~UpstreamResponse() = default;

  virtual int status() const = 0;
  virtual const dialects::HeaderList& headers() const = 0;

  // The next piece of the body as received, or "" at its end. Reads only on demand, so a slow
  // reader slows the sender. Errors: DEADLINE_EXCEEDED, UNAVAILABLE (also for a truncated body), or
  // the cancellation's cause.
  virtual async::Awaitable<absl::StatusOr<std::string>> ReadPiece(
      async::Cancellation& cancellation) = 0;

  // ReadPiece returned "" although the body goes on: the upstream says nothing for now.
  virtual bool pauses() const { return false; }

  // The fields that followed the body, once it was read to its end.
  virtual dialects::HeaderList trailers() const { return {}; }
};

// A request to a model whose body goes on while it is answered. Destroying it, and the response,
// before the end of both cancels the upstream's work. Writes one message at a time; the response
// may be read meanwhile. Errors are those of Upstream::Send. Must not outlive its upstream.
class UpstreamStream {
 public:
  virtual ~UpstreamStream() = default;

  // Sends what was admitted, after everything before it. Returns when the upstream's flow control
  // and the network have taken it. Of `next` only the body is sent, and its binding hash is
  // computed again over it.
  virtual async::Awaitable<absl::Status> Write(const admission::AdmittedRequest& next,
                                               async::Cancellation& cancellation) = 0;

  // Ends the request: nothing is written any more.
  virtual async::Awaitable<absl::Status> Finish(async::Cancellation& cancellation) = 0;

  // Returns when the response's head has arrived; once.
  virtual async::Awaitable<absl::StatusOr<std::unique_ptr<UpstreamResponse>>> ReadHead(
      async::Cancellation& cancellation) = 0;
};

// What the gateway itself asks an upstream over gRPC: nothing in it comes from a caller.
struct Question {
  const domain::Connection& connection;
  const domain::CredentialLease& lease;
  std::string path;    // of the method
  std::string frames;  // the messages
};

// Sends requests to models, independent of the protocol (step 9). One per executor; all members are
// called on it.
//
// Implementations: http_transport::HttpUpstream, ext_proc::ProxyUpstream,
// governed_rpc::TwoWayUpstream, testing::FakeUpstream.
class Upstream {
 public:
  virtual ~Upstream() = default;

  // The target of `path`, which may have a query, at the connection's URL, as it is sent; the
  // binding hash covers it. INVALID_ARGUMENT when the URL cannot be used.
  virtual absl::StatusOr<std::string> MakeTarget(const domain::Connection& connection,
                                                 absl::string_view path) const = 0;

  // Sends the request with its leased credential and returns when the response's head has arrived.
  // The binding hash is computed again over the bytes passed to the writer: INTERNAL, with nothing
  // sent, when it differs from the admitted one. Otherwise UNAVAILABLE, DEADLINE_EXCEEDED,
  // PERMISSION_DENIED (the address), INVALID_ARGUMENT, or the cancellation's cause.
  virtual async::Awaitable<absl::StatusOr<std::unique_ptr<UpstreamResponse>>> Send(
      const admission::AdmittedRequest& admitted, async::Cancellation& cancellation) = 0;

  // Begins a request with the bytes of `first`, sent as by Send; more may follow. UNIMPLEMENTED
  // when this upstream has no such requests.
  virtual async::Awaitable<absl::StatusOr<std::unique_ptr<UpstreamStream>>> OpenStream(
      const admission::AdmittedRequest& /*first*/, async::Cancellation& /*cancellation*/) {
    co_return absl::UnimplementedError("this upstream takes a request as a whole");
  }

  // Sends a question and returns when the head of its answer has arrived. Errors as of Send;
  // UNIMPLEMENTED when this upstream knows no gRPC.
  virtual async::Awaitable<absl::StatusOr<std::unique_ptr<UpstreamResponse>>> Ask(
      const Question& /*question*/, async::Cancellation& /*cancellation*/) {
    co_return absl::UnimplementedError("this upstream is not asked");
  }

  // Takes back a response whose content is complete, so that its connection can be reused.
  virtual void Recycle(std::unique_ptr<UpstreamResponse> response) = 0;
};

}  // namespace countersign::edge::call
