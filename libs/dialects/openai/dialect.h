#pragma once

#include "libs/dialects/dialect.h"

namespace countersign::dialects::openai {

// OpenAI's HTTP API: chat completions, responses, completions, embeddings, moderations and models.
class OpenAiDialect final : public Dialect {
 public:
  absl::string_view name() const override { return "openai"; }
  absl::StatusOr<ReadCall> Read(const IncomingRequest& request) const override;
  AnswerFormat ClassifyAnswer(const AnswerHead& head) const override;
  std::unique_ptr<AnswerReader> OpenAnswer(const ReadCall& call, const AnswerHead& head,
                                           const AnswerOptions& options) const override;
  std::string FormatError(const CallerError& error) const override;
  std::string FormatErrorEvent(const CallerError& error) const override;
  std::optional<std::string> ErrorBodyToEvent(absl::string_view body) const override;
  std::string WriteErrorEvent(const CallerError& error, const StreamPlace& place) const override;
  std::optional<std::string> WriteErrorBodyEvent(absl::string_view body,
                                                 const StreamPlace& place) const override;
  std::string FormatKeepAlive() const override;
  absl::string_view stream_content_type() const override;
};

}  // namespace countersign::dialects::openai
