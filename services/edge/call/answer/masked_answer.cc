#include "services/edge/call/answer/masked_answer.h"

#include <string>
#include <utility>

#include "libs/base/status.h"
#include "services/edge/call/headers/header_rules.h"
#include "services/edge/call/large_work.h"
#include "services/edge/call/reason.h"

namespace countersign::edge::call::answer {

MaskedAnswer::MaskedAnswer(const CallContext& context, const request::ReadRequest& read,
                           const admission::AdmittedRequest& admitted,
                           const UpstreamResponse& response)
    : context_(context),
      admitted_(admitted),
      masking_(admitted.lease().masking()),
      rpc_(read.call().rpc),
      reading_(std::make_shared<Reading>(admitted.lease().credential())) {
  const dialects::AnswerHead head{
      response.status(), std::string(headers::FindHeader(response.headers(), "content-type")),
      &response.headers()};
  dialects::AnswerOptions options;
  options.masked = masking_ != nullptr || !reading_->credential.empty();
  options.by_profile = masking_ != nullptr;
  if (masking_ != nullptr) options.unknown_events = masking_->unknown_events();
  options.connection = &read.connection();
  options.max_event_bytes = context.services.options.max_response_bytes;
  format_ = read.dialect().ClassifyAnswer(head);
  reading_->resources = read.route().resources;
  reading_->reader = read.dialect().OpenAnswer(read.call(), head, options);
}

async::Awaitable<Step<std::vector<dialects::Delivery>>> MaskedAnswer::Feed(
    absl::string_view bytes) {
  received_ += bytes.size();
  if (rpc_) message_bytes_ = reading_->reader->buffered() + bytes.size();
  if (!rpc_ || message_bytes_ <= kMostInlineBytes) {
    co_return co_await Mask(reading_->reader->Feed(bytes));
  }
  const auto work = [reading = reading_, owned = std::string(bytes)]() -> absl::StatusOr<Pieces> {
    return reading->reader->Feed(owned);
  };
  absl::StatusOr<Pieces> pieces = co_await RunLargeWork(context_, message_bytes_, work);
  co_return co_await Mask(std::move(pieces));
}

async::Awaitable<Step<std::vector<dialects::Delivery>>> MaskedAnswer::Finish(
    const dialects::HeaderList& trailers) {
  reading_->reader->AddTrailers(trailers);
  const auto work = [reading = reading_]() -> absl::StatusOr<Pieces> {
    return reading->reader->Finish();
  };
  absl::StatusOr<Pieces> pieces = co_await RunLargeWork(context_, LargeWork(), work);
  const bool broke_off = absl::IsUnavailable(pieces.status()) && GetReason(pieces.status()).empty();
  if (broke_off && received_ > 0 && format_ == dialects::AnswerFormat::kEventStream) {
    co_return RefuseForUpstream(pieces.status(), admitted_.grant_used());
  }
  co_return co_await Mask(std::move(pieces));
}

async::Awaitable<Step<std::vector<dialects::Delivery>>> MaskedAnswer::Mask(
    absl::StatusOr<Pieces> pieces) {
  if (!pieces.ok()) co_return RefuseUnreadable(pieces.status());
  Releases releases;
  Pieces asked;
  if (!pieces->empty()) {
    for (const domain::FieldPiece& piece : *pieces) {
      if (masking_ == nullptr) releases.push_back(domain::FieldRelease{piece.text, 0, 0, {}});
      if (!reading_->credential.empty()) asked.push_back({piece.field, "", piece.end});
    }
    if (masking_ != nullptr) {
      Step<Releases> masked = co_await AskMasker(*std::move(pieces));
      if (!masked.ok()) co_return std::move(masked).refusal();
      releases = *std::move(masked);
      for (const domain::FieldRelease& release : releases) {
        unanalyzed_.insert(release.unanalyzed.begin(), release.unanalyzed.end());
      }
    }
  }
  co_return co_await Release(std::move(asked), std::move(releases));
}

async::Awaitable<Step<std::vector<dialects::Delivery>>> MaskedAnswer::Release(Pieces pieces,
                                                                              Releases releases) {
  auto work = [reading = reading_, pieces = std::move(pieces),
               releases = std::move(
                   releases)]() mutable -> absl::StatusOr<std::vector<dialects::Delivery>> {
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      releases[i] = reading->credential_masking.Apply(pieces[i], std::move(releases[i]));
    }
    absl::StatusOr<std::vector<dialects::Delivery>> released =
        reading->reader->Release(std::move(releases));
    // Other values, such as names and identifiers, are not sent to the masker.
    if (released.ok() && !reading->credential.empty()) {
      for (dialects::Delivery& delivery : *released) {
        reading->credential.Overwrite(delivery.bytes);
        for (auto& [name, value] : delivery.trailers) reading->credential.Overwrite(value);
      }
    }
    return released;
  };
  absl::StatusOr<std::vector<dialects::Delivery>> released =
      co_await RunLargeWork(context_, LargeWork(), std::move(work));
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
  if (absl::IsResourceExhausted(status)) return RefuseForPart(status, "reader of large bodies");
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
  // The dialect cannot parse it.
  return RefuseForUpstream(
      GetReason(status).empty() ? WithReason(status, "upstream_protocol") : status,
      admitted_.grant_used());
}

}  // namespace countersign::edge::call::answer
