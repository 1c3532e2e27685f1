#pragma once

#include "libs/dialects/dialect.h"

namespace countersign::dialects::anthropic {

// Anthropic's HTTP API: /v1/messages, plain and streamed, /v1/messages/count_tokens,
// /v1/messages/batches, /v1/models and /v1/models/{id}.
class AnthropicDialect final : public Dialect {
 public:
  absl::string_view name() const override { return "anthropic"; }
  absl::StatusOr<ReadCall> Read(const IncomingRequest& request) const override;
  AnswerFormat ClassifyAnswer(const AnswerHead& head) const override;
  std::unique_ptr<AnswerReader> OpenAnswer(const ReadCall& call, const AnswerHead& head,
                                           const AnswerOptions& options) const override;
  std::string FormatError(const CallerError& error) const override;
  std::string FormatErrorEvent(const CallerError& error) const override;
  std::optional<std::string> ErrorBodyToEvent(absl::string_view body) const override;
  std::string FormatKeepAlive() const override;
  absl::string_view stream_content_type() const override;
  absl::string_view request_id_header() const override { return "request-id"; }
};

}  // namespace countersign::dialects::anthropic
