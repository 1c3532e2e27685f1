#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/async/awaitable.h"
#include "libs/async/cancellation.h"
#include "libs/dialects/dialect.h"
#include "libs/domain/resources.h"

namespace countersign::edge::call {

namespace admission {
class AdmittedRequest;
}

// A model's answer whose head has arrived. Dropping it before its end ends the work at the other
// side.
class UpstreamResponse {
 public:
  virtual ~UpstreamResponse() = default;

  virtual int status() const = 0;
  virtual const dialects::HeaderList& headers() const = 0;

  // The next piece of the body as it arrived, or "" at its end. Nothing is read that was not asked
  // for, so a slow reader slows the sender. Errors: DEADLINE_EXCEEDED, UNAVAILABLE (also for a body
  // that ends before its end), or why the call was cancelled.
  virtual async::Awaitable<absl::StatusOr<std::string>> ReadPiece(
      async::Cancellation& cancellation) = 0;
};

// Step 9: where inference happens, whatever protocol leads there. One per executor; all members are
// called on it.
//
// Implementations: http_transport::HttpUpstream, testing::FakeUpstream.
class Upstream {
 public:
  virtual ~Upstream() = default;

  // Where `path`, which may have a query, is at the connection's URL, in the form in which it is
  // sent: the binding hash covers it. INVALID_ARGUMENT when the URL cannot be used.
  virtual absl::StatusOr<std::string> MakeTarget(const domain::Connection& connection,
                                                 absl::string_view path) const = 0;

  // Sends the request with its leased credential and answers when the head of the response is
  // there. The binding hash is taken again over what is handed to the writer: INTERNAL, and nothing
  // is sent, when it is not the one that was admitted. Else UNAVAILABLE, DEADLINE_EXCEEDED,
  // PERMISSION_DENIED (the address), INVALID_ARGUMENT, or why the call was cancelled.
  virtual async::Awaitable<absl::StatusOr<std::unique_ptr<UpstreamResponse>>> Send(
      const admission::AdmittedRequest& admitted, async::Cancellation& cancellation) = 0;

  // Takes back a response whose content is over, so that its connection can be used again.
  virtual void Recycle(std::unique_ptr<UpstreamResponse> response) = 0;
};

}  // namespace countersign::edge::call
