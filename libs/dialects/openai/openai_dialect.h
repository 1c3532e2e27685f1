#pragma once

#include "libs/dialects/dialect.h"

namespace countersign::dialects {

// OpenAI's HTTP API: /v1/chat/completions, plain and streamed, /v1/models and /v1/models/{id}.
class OpenAiDialect final : public Dialect {
 public:
  absl::string_view name() const override { return "openai"; }
  absl::StatusOr<ReadCall> Read(const IncomingRequest& request) const override;
  std::unique_ptr<AnswerReader> OpenAnswer(const ReadCall& call, const AnswerHead& head,
                                           const domain::Connection& connection, bool masked,
                                           domain::UnknownEvents unknown_events) const override;
  std::string ErrorBody(const CallerError& error) const override;
  std::string InBandError(const CallerError& error) const override;
  absl::string_view Waiting() const override { return ": waiting\n\n"; }
};

}  // namespace countersign::dialects
