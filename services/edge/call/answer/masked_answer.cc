#include "services/edge/call/answer/masked_answer.h"

#include <string>
#include <utility>

#include "services/edge/call/headers/header_rules.h"
#include "services/edge/call/reason.h"

namespace countersign::edge::call::answer {

MaskedAnswer::MaskedAnswer(const CallContext& context, const request::ReadRequest& read,
                           const admission::AdmittedRequest& admitted,
                           const UpstreamResponse& response)
    : context_(context), admitted_(admitted), masking_(admitted.lease().masking()) {
  const dialects::AnswerHead head{
      response.status(), std::string(headers::FindHeader(response.headers(), "content-type"))};
  dialects::AnswerOptions options;
  options.masked = masking_ != nullptr;
  if (options.masked) options.unknown_events = masking_->unknown_events();
  options.connection = &read.connection();
  format_ = read.dialect().ClassifyAnswer(head);
  reader_ = read.dialect().OpenAnswer(read.call(), head, options);
}

async::Awaitable<Step<std::vector<dialects::Delivery>>> MaskedAnswer::Feed(
    absl::string_view bytes) {
  return Mask(reader_->Feed(bytes));
}

async::Awaitable<Step<std::vector<dialects::Delivery>>> MaskedAnswer::Finish() {
  return Mask(reader_->Finish());
}

async::Awaitable<Step<std::vector<dialects::Delivery>>> MaskedAnswer::Mask(
    absl::StatusOr<Pieces> pieces) {
  if (!pieces.ok()) co_return RefuseUnreadable(pieces.status());
  Releases releases;
  if (!pieces->empty() && masking_ != nullptr) {
    Step<Releases> masked = co_await AskMasker(*std::move(pieces));
    if (!masked.ok()) co_return std::move(masked).refusal();
    releases = *std::move(masked);
  }
  absl::StatusOr<std::vector<dialects::Delivery>> released = reader_->Release(std::move(releases));
  if (!released.ok()) co_return RefuseUnreadable(released.status());
  co_return *std::move(released);
}

async::Awaitable<Step<MaskedAnswer::Releases>> MaskedAnswer::AskMasker(Pieces pieces) {
  const StageTimer timer(context_.services, Stage::kMask);
  const std::size_t expected = pieces.size();
  async::PendingReply<absl::StatusOr<Releases>> answer(context_.executor);
  masking_->Feed(std::move(pieces), context_.services.PortDeadline(), answer.done());
  absl::StatusOr<Releases> masked = co_await answer.Get(context_.cancellation);
  if (context_.cancellation.cancelled()) co_return RefuseCancelled(context_.cancellation.cause());
  if (!masked.ok()) co_return RefuseForPart(masked.status(), "masking");
  if (masked->size() != expected) {
    co_return RefuseForPart(absl::InternalError("the masker's answer does not fit its request"),
                            "masking");
  }
  co_return *std::move(masked);
}

// Refuses an answer of a form that the dialect or the profile does not accept.
Refusal MaskedAnswer::RefuseUnreadable(const absl::Status& status) const {
  if (context_.cancellation.cancelled()) return RefuseCancelled(context_.cancellation.cause());
  if (ToReason(status) == Reason::kUnknownEvent) {
    Refusal refusal{dialects::MakeCallerError("upstream_error", status.message()),
                    domain::Outcome::kAborted, status};
    refusal.error.final = true;  // a retry would have the same result
    return refusal;
  }
  if (absl::IsFailedPrecondition(status)) {
    return Refusal{dialects::MakeCallerError("upstream_error", "the answer could not be masked"),
                   domain::Outcome::kAborted, absl::OkStatus()};
  }
  return RefuseForUpstream(status, admitted_.grant_used());
}

}  // namespace countersign::edge::call::answer
