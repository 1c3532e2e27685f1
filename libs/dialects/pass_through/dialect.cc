#include "libs/dialects/pass_through/dialect.h"

#include "libs/dialects/pass_through/body_answer.h"
#include "libs/dialects/pass_through/content_type.h"
#include "libs/dialects/pass_through/request.h"

namespace countersign::dialects::pass_through {

absl::StatusOr<ReadCall> PassThroughDialect::Read(const IncomingRequest& request) const {
  return pass_through::Read(request);
}

AnswerFormat PassThroughDialect::ClassifyAnswer(const AnswerHead& head) const {
  return known_.ClassifyAnswer(head);
}

std::unique_ptr<AnswerReader> PassThroughDialect::OpenAnswer(const ReadCall& call,
                                                             const AnswerHead& head,
                                                             const AnswerOptions& options) const {
  const bool known = head.status >= 400 || IsJsonDocument(head.content_type) ||
                     ClassifyAnswer(head) == AnswerFormat::kEventStream;
  if (known) return known_.OpenAnswer(call, head, options);
  return std::make_unique<BodyAnswer>(head, options.masked);
}

std::string PassThroughDialect::FormatError(const CallerError& error) const {
  return known_.FormatError(error);
}

std::string PassThroughDialect::FormatErrorEvent(const CallerError& error) const {
  return known_.FormatErrorEvent(error);
}

std::optional<std::string> PassThroughDialect::ErrorBodyToEvent(absl::string_view body) const {
  return known_.ErrorBodyToEvent(body);
}

}  // namespace countersign::dialects::pass_through
