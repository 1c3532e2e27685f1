#pragma once

#include "libs/dialects/dialect.h"

namespace countersign::dialects::testing {

// A second dialect to test what all dialects have in common, similar to Anthropic's Messages API:
// events have names and types, texts are deltas of numbered content blocks, `message_stop` ends the
// stream, errors are `event: error`, and `ping` keeps it alive.
class BlocksDialect final : public Dialect {
 public:
  absl::string_view name() const override { return "blocks"; }
  absl::StatusOr<ReadCall> Read(const IncomingRequest& request) const override;
  AnswerFormat ClassifyAnswer(const AnswerHead& head) const override;
  std::unique_ptr<AnswerReader> OpenAnswer(const ReadCall& call, const AnswerHead& head,
                                           const AnswerOptions& options) const override;
  std::string FormatError(const CallerError& error) const override;
  std::string FormatErrorEvent(const CallerError& error) const override;
  std::optional<std::string> ErrorBodyToEvent(absl::string_view body) const override;
  std::string FormatKeepAlive() const override;
  absl::string_view stream_content_type() const override { return "text/event-stream"; }
};

}  // namespace countersign::dialects::testing
