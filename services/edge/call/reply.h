#pragma once

#include <string>

#include "libs/async/pending_reply.h"
#include "libs/dialects/dialect.h"
#include "libs/http/exchange.h"

namespace countersign::edge::call {

// The caller's side of one call: knows what has been said already, and says everything else in the
// shape that is still possible. Every head carries exactly one x-request-id, and the session's id
// once there is one.
class Reply {
 public:
  Reply(http::Exchange& exchange, const dialects::Dialect& dialect, std::string request_id)
      : exchange_(exchange), dialect_(&dialect), request_id_(std::move(request_id)) {}

  void SetDialect(const dialects::Dialect& dialect) { dialect_ = &dialect; }
  void SetSession(const std::string& id) { session_id_ = id; }
  // From here on whole errors have the shape of the Connect protocol: the caller calls an RPC.
  void UseConnectErrors() { connect_ = true; }
  void SetReview(const std::string& id) { review_id_ = id; }

  // The head of a stream is out: from here on everything is said in-band.
  bool streaming() const { return streaming_; }

  // What SendError would write into a stream whose head is out.
  std::string InBandError(const dialects::CallerError& error) const {
    return dialect_->FormatErrorEvent(error);
  }

  // A whole response, or the end of a stream that has begun.
  async::Awaitable<absl::Status> SendError(const dialects::CallerError& error);
  async::Awaitable<absl::Status> SendJson(int status, absl::string_view body);
  async::Awaitable<absl::Status> Send(int status, dialects::HeaderList headers,
                                      absl::string_view body);

  // A stream: its head, pieces, its end. SendKeepAlive keeps one alive before the upstream is
  // asked; the first one begins it.
  async::Awaitable<absl::Status> Begin(int status, dialects::HeaderList headers);
  async::Awaitable<absl::Status> SendKeepAlive();
  async::Awaitable<absl::Status> Write(absl::string_view bytes) { return exchange_.Write(bytes); }
  async::Awaitable<absl::Status> Finish() { return exchange_.Finish(); }

 private:
  http::ResponseHead Head(int status, dialects::HeaderList headers) const;

  http::Exchange& exchange_;
  const dialects::Dialect* dialect_;
  const std::string request_id_;
  std::string session_id_;
  std::string review_id_;
  bool streaming_ = false;
  bool connect_ = false;
};

}  // namespace countersign::edge::call
