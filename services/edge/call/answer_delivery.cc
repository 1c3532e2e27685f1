#include "services/edge/call/answer_delivery.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/dialects/dialect.h"
#include "services/edge/call/header_rules.h"
#include "services/edge/call/reason.h"

namespace countersign::edge::call {
namespace {

using domain::Outcome;

dialects::HeaderList ToHeaderList(const http::Headers& headers) {
  return {headers.begin(), headers.end()};
}

// The edge asks for no coding. One that comes all the same hides what it carries, in a field of its
// own or among others.
bool IsEncoded(const http::ResponseHead& head) {
  for (const auto& [name, value] : head.headers) {
    if (!absl::EqualsIgnoreCase(name, "content-encoding")) continue;
    for (const absl::string_view coding : absl::StrSplit(value, ',')) {
      const absl::string_view token = absl::StripAsciiWhitespace(coding);
      if (!token.empty() && !absl::EqualsIgnoreCase(token, "identity")) return true;
    }
  }
  return false;
}

class AnswerDelivery {
 public:
  AnswerDelivery(const CallContext& context, const ReadRequest& read,
                 const AdmittedRequest& admitted, Session& session)
      : context_(context),
        read_(read),
        admitted_(admitted),
        masking_(admitted.lease().masking()),
        session_(session) {}

  // Nothing when the answer was delivered and the session ended.
  async::Awaitable<std::optional<Refusal>> Deliver(http::ClientResponse& response);

  domain::Outcome outcome() const { return outcome_; }  // when delivered

 private:
  async::Awaitable<std::optional<Refusal>> DeliverStream(http::ClientResponse& response);
  async::Awaitable<std::optional<Refusal>> DeliverBody(http::ClientResponse& response);
  async::Awaitable<std::optional<Refusal>> ReadBody(http::ClientResponse& response);
  async::Awaitable<Step<std::vector<dialects::Delivery>>> Mask(
      absl::StatusOr<std::vector<domain::FieldPiece>> asked);
  async::Awaitable<Step<std::vector<domain::FieldRelease>>> AskMasker(
      std::vector<domain::FieldPiece> pieces);
  async::Awaitable<std::optional<Refusal>> WritePieces(std::vector<dialects::Delivery> deliveries);
  async::Awaitable<std::optional<Refusal>> End(bool upstream_failed);
  std::string Record(std::vector<dialects::Delivery>& deliveries);
  dialects::HeaderList MakeHeaders(const http::ResponseHead& head) const;
  Refusal RefuseUnreadable(const absl::Status& status) const;
  Refusal RefuseUpstream(const absl::Status& status) const {
    return RefuseForUpstream(status, admitted_.grant_used());
  }
  Refusal RefuseNow() const { return RefuseCancelled(context_.cancellation.cause()); }
  bool cancelled() const { return context_.cancellation.cancelled(); }
  void NoteFirstByte();

  const CallContext& context_;
  const ReadRequest& read_;
  const AdmittedRequest& admitted_;
  domain::MaskStream* const masking_;  // null: the profile masks nothing
  Session& session_;
  std::unique_ptr<dialects::AnswerReader> reader_;
  dialects::HeaderList headers_;  // of the upstream's, what the caller gets
  domain::Outcome outcome_ = domain::Outcome::kAborted;
  bool first_ = true;
  bool delivered_ = false;
};

async::Awaitable<std::optional<Refusal>> AnswerDelivery::Deliver(http::ClientResponse& response) {
  const http::ResponseHead& head = response.head();
  if (IsEncoded(head)) {
    co_return RefuseUpstream(absl::UnavailableError("the answer is compressed"));
  }
  const dialects::AnswerHead answer_head{head.status,
                                         std::string(head.headers.Get("content-type"))};
  dialects::AnswerOptions options;
  options.masked = masking_ != nullptr;
  if (options.masked) options.unknown_events = masking_->unknown_events();
  options.connection = &read_.connection();
  reader_ = read_.dialect().OpenAnswer(read_.call(), answer_head, options);
  const bool stream =
      read_.dialect().ClassifyAnswer(answer_head) == dialects::AnswerFormat::kEventStream;
  headers_ = MakeHeaders(head);
  session_.Queue(domain::event_type::kResponseHead,
                 domain::ResponseHeadPayload(head.status, headers_));
  if (stream) co_return co_await DeliverStream(response);
  co_return co_await DeliverBody(response);
}

dialects::HeaderList AnswerDelivery::MakeHeaders(const http::ResponseHead& head) const {
  dialects::HeaderList headers = CallerHeaders(ToHeaderList(head.headers));
  if (head.status >= 400 && admitted_.grant_used()) {
    // Another try would need another approval.
    std::erase_if(headers, [](const auto& field) { return field.first == "x-should-retry"; });
    headers.emplace_back("x-should-retry", "false");
  }
  return headers;
}

// The answer has a form that the dialect, or the profile, does not let pass.
Refusal AnswerDelivery::RefuseUnreadable(const absl::Status& status) const {
  if (cancelled()) return RefuseNow();
  if (ToReason(status) == Reason::kUnknownEvent) {
    Refusal refusal{dialects::MakeCallerError("upstream_error", status.message()),
                    Outcome::kAborted, status};
    refusal.error.final = true;  // another try would bring the same
    return refusal;
  }
  if (absl::IsFailedPrecondition(status)) {
    return Refusal{dialects::MakeCallerError("upstream_error", "the answer could not be masked"),
                   Outcome::kAborted, absl::OkStatus()};
  }
  return RefuseUpstream(status);
}

async::Awaitable<std::optional<Refusal>> AnswerDelivery::DeliverStream(
    http::ClientResponse& response) {
  if (!context_.reply.streaming()) {
    const absl::Status begun = co_await context_.reply.Begin(response.head().status, headers_);
    if (!begun.ok()) co_return RefuseCancelled(absl::CancelledError(begun.message()));
  }
  while (true) {
    const absl::StatusOr<std::string> piece = co_await response.Read(context_.cancellation);
    if (cancelled()) co_return RefuseNow();
    if (!piece.ok()) co_return RefuseUpstream(piece.status());
    // Named, because g++ 12 destroys the temporaries of a ?: within a co_await twice.
    absl::StatusOr<std::vector<domain::FieldPiece>> asked =
        piece->empty() ? reader_->Finish() : reader_->Feed(*piece);
    Step<std::vector<dialects::Delivery>> deliveries = co_await Mask(std::move(asked));
    if (!deliveries.ok()) co_return std::move(deliveries).refusal();
    const std::optional<Refusal> refusal = co_await WritePieces(*std::move(deliveries));
    if (refusal || delivered_) co_return refusal;
    if (!piece->empty()) continue;
    // The upstream ended with its own error, which has gone out: there is no final marker.
    const std::optional<Refusal> unrecorded = co_await End(true);
    if (unrecorded) co_return unrecorded;
    co_await context_.reply.Finish();
    co_return std::nullopt;
  }
}

async::Awaitable<Step<std::vector<domain::FieldRelease>>> AnswerDelivery::AskMasker(
    std::vector<domain::FieldPiece> pieces) {
  const StageTimer timer(context_.services, Stage::kMask);
  const std::size_t expected = pieces.size();
  async::PendingReply<absl::StatusOr<std::vector<domain::FieldRelease>>> answer(context_.executor);
  masking_->Feed(std::move(pieces), context_.services.PortDeadline(), answer.done());
  absl::StatusOr<std::vector<domain::FieldRelease>> masked =
      co_await answer.Get(context_.cancellation);
  if (cancelled()) co_return RefuseNow();
  if (!masked.ok()) co_return RefuseForPart(masked.status(), "masking");
  if (masked->size() != expected) {
    co_return RefuseForPart(absl::InternalError("the masker answered another question"), "masking");
  }
  co_return *std::move(masked);
}

async::Awaitable<Step<std::vector<dialects::Delivery>>> AnswerDelivery::Mask(
    absl::StatusOr<std::vector<domain::FieldPiece>> asked) {
  if (!asked.ok()) co_return RefuseUnreadable(asked.status());
  std::vector<domain::FieldRelease> releases;
  if (!asked->empty() && masking_ != nullptr) {
    Step<std::vector<domain::FieldRelease>> masked = co_await AskMasker(*std::move(asked));
    if (!masked.ok()) co_return std::move(masked).refusal();
    releases = *std::move(masked);
  }
  absl::StatusOr<std::vector<dialects::Delivery>> released = reader_->Release(std::move(releases));
  if (!released.ok()) co_return RefuseUnreadable(released.status());
  co_return *std::move(released);
}

// Queues what is delivered and gives its bytes.
std::string AnswerDelivery::Record(std::vector<dialects::Delivery>& deliveries) {
  std::string bytes;
  for (dialects::Delivery& delivery : deliveries) {
    if (delivery.recorded) {
      session_.Queue(domain::event_type::kResponseData,
                     domain::ResponseDataPayload(delivery.bytes, delivery.masked));
    }
    for (const domain::DeliveredSpan& masked : delivery.masked) {
      session_.CountMasked(masked.span.entity);
    }
    absl::StrAppend(&bytes, delivery.bytes);
  }
  return bytes;
}

async::Awaitable<std::optional<Refusal>> AnswerDelivery::WritePieces(
    std::vector<dialects::Delivery> deliveries) {
  std::vector<dialects::Delivery> final_marker;
  if (!deliveries.empty() && deliveries.back().is_final) {
    final_marker.push_back(std::move(deliveries.back()));
    deliveries.pop_back();
  }
  if (!deliveries.empty()) {
    const std::string bytes = Record(deliveries);
    const absl::Status recorded = co_await session_.Append(admitted_.decision().recording);
    if (!recorded.ok()) co_return RefuseForPart(recorded, "session recorder");
    if (cancelled()) co_return RefuseNow();
    NoteFirstByte();
    const absl::Status written = co_await context_.reply.Write(bytes);
    if (!written.ok()) co_return RefuseCancelled(absl::CancelledError(written.message()));
  }
  if (final_marker.empty()) co_return std::nullopt;
  const std::string last = Record(final_marker);
  const std::optional<Refusal> unrecorded = co_await End(reader_->upstream_failed());
  if (unrecorded) co_return unrecorded;
  delivered_ = true;
  NoteFirstByte();
  const absl::Status written = co_await context_.reply.Write(last);
  if (written.ok()) co_await context_.reply.Finish();
  co_return std::nullopt;
}

async::Awaitable<std::optional<Refusal>> AnswerDelivery::ReadBody(http::ClientResponse& response) {
  std::size_t size = 0;
  while (true) {
    const absl::StatusOr<std::string> piece = co_await response.Read(context_.cancellation);
    if (cancelled()) co_return RefuseNow();
    if (!piece.ok()) co_return RefuseUpstream(piece.status());
    if (piece->empty()) co_return std::nullopt;
    size += piece->size();
    if (size > context_.services.config.max_response_bytes) {
      co_return RefuseUpstream(absl::UnavailableError("the answer is too large"));
    }
    const auto fed = reader_->Feed(*piece);
    if (!fed.ok()) co_return RefuseUpstream(fed.status());
  }
}

async::Awaitable<std::optional<Refusal>> AnswerDelivery::DeliverBody(
    http::ClientResponse& response) {
  std::optional<Refusal> refusal = co_await ReadBody(response);
  if (refusal) co_return refusal;
  Step<std::vector<dialects::Delivery>> deliveries = co_await Mask(reader_->Finish());
  if (!deliveries.ok()) co_return std::move(deliveries).refusal();
  const int status = response.head().status;
  const bool failed = status >= 400;
  if (context_.reply.streaming()) {
    // The caller was told 200 while the call was held; what came is no stream.
    std::optional<std::string> event;
    if (failed && !deliveries->empty()) {
      event = read_.dialect().ErrorBodyToEvent(deliveries->front().bytes);
    }
    if (!event) {
      co_return RefuseUpstream(absl::UnavailableError("the answer is no stream"));
    }
    deliveries->front().bytes = *std::move(event);
  }
  const std::string bytes = Record(*deliveries);
  refusal = co_await End(failed);
  if (refusal) co_return refusal;
  NoteFirstByte();
  if (context_.reply.streaming()) {
    const absl::Status written = co_await context_.reply.Write(bytes);
    if (written.ok()) co_await context_.reply.Finish();
  } else {
    co_await context_.reply.Send(status, headers_, bytes);
  }
  co_return std::nullopt;
}

async::Awaitable<std::optional<Refusal>> AnswerDelivery::End(bool upstream_failed) {
  domain::SessionEnd end;
  end.outcome = upstream_failed ? Outcome::kUpstreamError : Outcome::kCompleted;
  if (upstream_failed) end.code = "upstream_error";
  const dialects::Usage& usage = reader_->usage();
  end.input_tokens = usage.known ? usage.input_tokens
                                 : static_cast<std::uint32_t>(admitted_.decision().prompt_tokens);
  end.output_tokens = usage.output_tokens;
  const absl::Status ended = co_await session_.End(end);
  if (!ended.ok()) co_return RefuseForPart(ended, "session recorder");
  outcome_ = end.outcome;
  context_.services.metrics.Tokens(read_.connection().name, end.input_tokens, end.output_tokens);
  co_return std::nullopt;
}

void AnswerDelivery::NoteFirstByte() {
  if (!std::exchange(first_, false)) return;
  context_.services.metrics.FirstByte(context_.services.clock.Now() - context_.request.arrived);
}

}  // namespace

async::Awaitable<Step<Delivered>> DeliverAnswer(const CallContext& context, const ReadRequest& read,
                                                const AdmittedRequest& admitted, Session& session,
                                                http::ClientResponse& response) {
  AnswerDelivery delivery(context, read, admitted, session);
  std::optional<Refusal> refusal = co_await delivery.Deliver(response);
  if (refusal) co_return *std::move(refusal);
  co_return Delivered{delivery.outcome()};
}

}  // namespace countersign::edge::call
