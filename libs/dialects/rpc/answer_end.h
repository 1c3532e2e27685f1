#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "libs/dialects/dialect.h"
#include "libs/grpc_wire/frames.h"

// What all answers over gRPC have: a head, messages in frames, trailers with the status.
namespace countersign::dialects::rpc {

// An answer that is none of gRPC: reason upstream_protocol.
absl::Status Unreadable(absl::string_view why);

// The next whole message; nullopt until more bytes are fed. Messages that are compressed or too
// large cannot be read.
absl::StatusOr<std::optional<std::string>> NextMessage(grpc_wire::FrameReader& frames);

// The head and the trailers. The message of the status is a text; its details are dropped.
class AnswerEnd {
 public:
  explicit AnswerEnd(const AnswerHead& head);

  absl::Status CheckHead() const;
  void AddTrailers(const HeaderList& trailers);
  // To be called when the answer has ended. An upstream that refuses the gateway's credential has
  // the reason upstream_auth.
  absl::Status Read();
  // The upstream reports a failure.
  bool failed() const { return code_ != 0; }
  int code() const { return code_; }

  // The message of the status for the masker; `release` is its answer.
  domain::FieldPiece AskAboutMessage() const;
  Delivery Write(domain::FieldRelease release) const;

 private:
  const int http_status_;
  const std::string content_type_;
  HeaderList trailers_;
  int code_ = 0;
  std::string message_;
};

}  // namespace countersign::dialects::rpc
