#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "libs/async/awaitable.h"
#include "libs/dialects/dialect.h"
#include "services/edge/call/caller_connection.h"

namespace countersign::edge::call {

// The reply to one call: tracks what was sent already, and sends errors in the form that is still
// possible. Every head has exactly one x-request-id, and the session's id once there is a session.
class Reply {
 public:
  Reply(CallerConnection& caller, const dialects::Dialect& dialect, std::string request_id)
      : caller_(caller), dialect_(&dialect), request_id_(std::move(request_id)) {}

  void SetDialect(const dialects::Dialect& dialect) { dialect_ = &dialect; }
  // Of the call, and of the next event of the stream: errors in-band have them.
  void SetOperation(const std::string& operation) { place_.operation = operation; }
  void SetNextNumber(std::int64_t number) { place_.number = number; }
  const dialects::StreamPlace& place() const { return place_; }
  void SetSession(const std::string& id) { session_id_ = id; }
  // Uses `format` instead of the dialect for the bodies of errors that are whole replies.
  void FormatErrorsWith(std::string (*format)(const dialects::CallerError&)) { format_ = format; }
  void SetReview(const std::string& id) { review_id_ = id; }

  // What the caller was told, so far.
  const std::optional<dialects::CallerError>& error() const { return error_; }
  const std::string& review_id() const { return review_id_; }

  // The head of a stream was sent; errors are sent in-band from now on.
  bool streaming() const { return streaming_; }

  // The bytes that SendError would write into a stream that has begun.
  std::string InBandError(const dialects::CallerError& error) const {
    return in_band_ ? dialect_->WriteErrorEvent(WithRequestId(error), place_) : "";
  }
  // Errors in a stream that has begun are not written there: the caller of an RPC gets its status.
  void KeepErrorsOutOfBand() { in_band_ = false; }

  // Sends a whole reply, or the end of a stream that has begun.
  async::Awaitable<absl::Status> SendError(const dialects::CallerError& error);
  async::Awaitable<absl::Status> SendJson(int status, absl::string_view body);
  async::Awaitable<absl::Status> Send(int status, dialects::HeaderList headers,
                                      absl::string_view body);

  // Sends a stream: head, pieces, end. SendKeepAlive keeps the caller's connection alive before the
  // upstream answers; the first one begins the stream.
  async::Awaitable<absl::Status> Begin(int status, dialects::HeaderList headers);
  async::Awaitable<absl::Status> SendKeepAlive();
  async::Awaitable<absl::Status> Write(absl::string_view bytes) { return caller_.Write(bytes); }
  async::Awaitable<absl::Status> Finish() { return caller_.Finish(); }
  async::Awaitable<absl::Status> Finish(dialects::HeaderList trailers) {
    return caller_.Finish(std::move(trailers));
  }

 private:
  ReplyHead MakeHead(int status, dialects::HeaderList headers) const;
  dialects::CallerError WithRequestId(dialects::CallerError error) const {
    error.request_id = request_id_;
    return error;
  }

  CallerConnection& caller_;
  const dialects::Dialect* dialect_;
  std::string (*format_)(const dialects::CallerError&) = nullptr;  // null: the dialect's
  const std::string request_id_;
  dialects::StreamPlace place_;
  std::string session_id_;
  std::string review_id_;
  std::optional<dialects::CallerError> error_;
  bool streaming_ = false;
  bool in_band_ = true;
};

}  // namespace countersign::edge::call
