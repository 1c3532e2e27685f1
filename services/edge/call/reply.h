#pragma once

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "libs/async/awaitable.h"
#include "libs/dialects/dialect.h"
#include "services/edge/call/caller_connection.h"

namespace countersign::edge::call {

// The caller's side of one call: knows what has been said already, and says everything else in the
// shape that is still possible. Every head carries exactly one x-request-id, and the session's id
// once there is one.
class Reply {
 public:
  Reply(CallerConnection& caller, const dialects::Dialect& dialect, std::string request_id)
      : caller_(caller), dialect_(&dialect), request_id_(std::move(request_id)) {}

  void SetDialect(const dialects::Dialect& dialect) { dialect_ = &dialect; }
  void SetSession(const std::string& id) { session_id_ = id; }
  // From here on `format` writes the body of an error that is a whole reply, not the dialect.
  void FormatErrorsWith(std::string (*format)(const dialects::CallerError&)) { format_ = format; }
  void SetReview(const std::string& id) { review_id_ = id; }

  // The head of a stream is out: from here on everything is said in-band.
  bool streaming() const { return streaming_; }

  // What SendError would write into a stream whose head is out.
  std::string InBandError(const dialects::CallerError& error) const {
    return dialect_->FormatErrorEvent(error);
  }

  // A whole reply, or the end of a stream that has begun.
  async::Awaitable<absl::Status> SendError(const dialects::CallerError& error);
  async::Awaitable<absl::Status> SendJson(int status, absl::string_view body);
  async::Awaitable<absl::Status> Send(int status, dialects::HeaderList headers,
                                      absl::string_view body);

  // A stream: its head, pieces, its end. SendKeepAlive keeps one alive before the upstream is
  // asked; the first one begins it.
  async::Awaitable<absl::Status> Begin(int status, dialects::HeaderList headers);
  async::Awaitable<absl::Status> SendKeepAlive();
  async::Awaitable<absl::Status> Write(absl::string_view bytes) { return caller_.Write(bytes); }
  async::Awaitable<absl::Status> Finish() { return caller_.Finish(); }

 private:
  ReplyHead MakeHead(int status, dialects::HeaderList headers) const;

  CallerConnection& caller_;
  const dialects::Dialect* dialect_;
  std::string (*format_)(const dialects::CallerError&) = nullptr;  // null: the dialect
  const std::string request_id_;
  std::string session_id_;
  std::string review_id_;
  bool streaming_ = false;
};

}  // namespace countersign::edge::call
