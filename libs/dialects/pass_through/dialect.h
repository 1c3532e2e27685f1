#pragma once

#include <memory>
#include <optional>
#include <string>

#include "libs/dialects/dialect.h"

namespace countersign::dialects::pass_through {

// Requests that a connection's dialect does not know and its `passThrough` lists. Documents and
// streams are masked as that dialect's, whose grammar takes what it does not know for text; errors
// have its form, too.
class PassThroughDialect final : public Dialect {
 public:
  explicit PassThroughDialect(const Dialect& known) : known_(known) {}

  absl::string_view name() const override { return known_.name(); }
  absl::StatusOr<ReadCall> Read(const IncomingRequest& request) const override;
  AnswerFormat ClassifyAnswer(const AnswerHead& head) const override;
  std::unique_ptr<AnswerReader> OpenAnswer(const ReadCall& call, const AnswerHead& head,
                                           const AnswerOptions& options) const override;
  std::string FormatError(const CallerError& error) const override;
  std::string FormatErrorEvent(const CallerError& error) const override;
  std::optional<std::string> ErrorBodyToEvent(absl::string_view body) const override;
  std::string FormatKeepAlive() const override { return known_.FormatKeepAlive(); }
  absl::string_view stream_content_type() const override { return known_.stream_content_type(); }
  absl::string_view request_id_header() const override { return known_.request_id_header(); }

 private:
  const Dialect& known_;
};

}  // namespace countersign::dialects::pass_through
