#include "services/edge/call/answer_delivery.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/status.h"
#include "services/edge/call/header_rules.h"

namespace countersign::edge {
namespace {

using domain::Outcome;

// Marks errors of the masking part, so that they are told from an answer that cannot be read.
constexpr absl::string_view kMasking = "masking_failed";

dialects::HeaderList Fields(const http::Headers& headers) {
  return {headers.begin(), headers.end()};
}

bool IsEventStream(const http::ResponseHead& head) {
  return absl::StartsWithIgnoreCase(head.headers.Get("content-type"), "text/event-stream");
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

// A body as one event of a stream whose head is out.
std::string AsEvent(absl::string_view body) {
  std::string event;
  for (const absl::string_view line : absl::StrSplit(body, absl::ByAnyChar("\r\n"))) {
    if (!line.empty()) absl::StrAppend(&event, "data: ", line, "\n");
  }
  return event + "\n";
}

}  // namespace

AnswerDelivery::AnswerDelivery(const Context& context, Session& session, Reply& reply,
                               domain::MaskStream* masking, async::Executor executor,
                               async::Cancellation& cancellation)
    : context_(context),
      session_(session),
      reply_(reply),
      masking_(masking),
      executor_(std::move(executor)),
      cancellation_(cancellation) {}

async::Awaitable<std::optional<Refusal>> AnswerDelivery::Deliver(http::ClientResponse& response) {
  const http::ResponseHead& head = response.head();
  if (IsEncoded(head)) {
    co_return RefusalOfUpstream(absl::UnavailableError("the answer is compressed"),
                                context_.grant_used);
  }
  const bool stream = IsEventStream(head) && head.status < 400;
  reader_ = context_.dialect.OpenAnswer(
      context_.read, dialects::AnswerHead{head.status, stream}, *context_.route.connection,
      masking_ != nullptr,
      masking_ != nullptr ? masking_->unknown_events() : domain::UnknownEvents::kMask);
  session_.Queue(domain::event_type::kResponseHead,
                 domain::ResponseHeadPayload(head.status, HeadersFor(head)));
  if (stream) co_return co_await DeliverStream(response);
  co_return co_await DeliverBody(response);
}

dialects::HeaderList AnswerDelivery::HeadersFor(const http::ResponseHead& head) const {
  dialects::HeaderList headers = CallerHeaders(Fields(head.headers));
  if (head.status >= 400 && context_.grant_used) {
    // Another try would need another approval.
    std::erase_if(headers, [](const auto& field) { return field.first == "x-should-retry"; });
    headers.emplace_back("x-should-retry", "false");
  }
  return headers;
}

Refusal AnswerDelivery::RefusalOfMasking(const absl::Status& status) const {
  if (cancellation_.cancelled()) return RefusalOfStop(cancellation_.cause());
  if (ReasonOf(status) == kMasking) return RefusalOfPart(status, "masking");
  if (ReasonOf(status) == dialects::kUnknownEvent) {
    Refusal refusal{dialects::MakeCallerError("upstream_error", status.message()),
                    Outcome::kAborted, status};
    refusal.error.final = true;  // another try would bring the same
    return refusal;
  }
  if (absl::IsFailedPrecondition(status)) {
    return Refusal{dialects::MakeCallerError("upstream_error", "the answer could not be masked"),
                   Outcome::kAborted};
  }
  return RefusalOfUpstream(status, context_.grant_used);
}

async::Awaitable<std::optional<Refusal>> AnswerDelivery::DeliverStream(
    http::ClientResponse& response) {
  if (!reply_.streaming()) {
    const absl::Status begun =
        co_await reply_.Begin(response.head().status, HeadersFor(response.head()));
    if (!begun.ok()) co_return RefusalOfStop(absl::CancelledError(begun.message()));
  }
  while (true) {
    const absl::StatusOr<std::string> piece = co_await response.Read(cancellation_);
    if (cancellation_.cancelled()) co_return RefusalOfStop(cancellation_.cause());
    if (!piece.ok()) co_return RefusalOfUpstream(piece.status(), context_.grant_used);
    // Named, because g++ 12 destroys the temporaries of a ?: within a co_await twice.
    absl::StatusOr<std::vector<domain::FieldPiece>> asked =
        piece->empty() ? reader_->Finish() : reader_->Feed(*piece);
    absl::StatusOr<std::vector<dialects::Delivery>> deliveries = co_await Mask(std::move(asked));
    if (!deliveries.ok()) co_return RefusalOfMasking(deliveries.status());
    const std::optional<Refusal> refusal = co_await Pass(*std::move(deliveries));
    if (refusal || delivered_) co_return refusal;
    if (!piece->empty()) continue;
    // The upstream ended with its own error, which has gone out: there is no final marker.
    const std::optional<Refusal> unrecorded = co_await End(true);
    if (unrecorded) co_return unrecorded;
    co_await reply_.Finish();
    co_return std::nullopt;
  }
}

absl::StatusOr<std::vector<domain::FieldPiece>> AnswerDelivery::NextTexts(absl::string_view piece) {
  return piece.empty() ? reader_->Finish() : reader_->Feed(piece);
}

async::Awaitable<absl::StatusOr<std::vector<dialects::Delivery>>> AnswerDelivery::Mask(
    absl::StatusOr<std::vector<domain::FieldPiece>> asked) {
  if (!asked.ok()) co_return asked.status();
  std::vector<domain::FieldRelease> releases;
  if (!asked->empty() && masking_ != nullptr) {
    const StageTimer timer(context_.services, Stage::kMask);
    const std::size_t expected = asked->size();
    async::PendingReply<absl::StatusOr<std::vector<domain::FieldRelease>>> answer(executor_);
    masking_->Feed(*std::move(asked), context_.services.PortDeadline(), answer.done());
    absl::StatusOr<std::vector<domain::FieldRelease>> masked = co_await answer.Get(cancellation_);
    if (!masked.ok()) co_return WithReason(masked.status(), kMasking);
    if (masked->size() != expected) {
      co_return WithReason(absl::InternalError("the masker answered another question"), kMasking);
    }
    releases = *std::move(masked);
  }
  co_return reader_->Release(std::move(releases));
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

async::Awaitable<std::optional<Refusal>> AnswerDelivery::Pass(
    std::vector<dialects::Delivery> deliveries) {
  std::vector<dialects::Delivery> final_marker;
  if (!deliveries.empty() && deliveries.back().is_final) {
    final_marker.push_back(std::move(deliveries.back()));
    deliveries.pop_back();
  }
  if (!deliveries.empty()) {
    const std::string bytes = Record(deliveries);
    const absl::Status recorded = co_await session_.Append(context_.decision.recording);
    if (!recorded.ok()) co_return RefusalOfPart(recorded, "session recorder");
    if (cancellation_.cancelled()) co_return RefusalOfStop(cancellation_.cause());
    FirstByte();
    const absl::Status written = co_await reply_.Write(bytes);
    if (!written.ok()) co_return RefusalOfStop(absl::CancelledError(written.message()));
  }
  if (final_marker.empty()) co_return std::nullopt;
  const std::string last = Record(final_marker);
  const std::optional<Refusal> unrecorded = co_await End(reader_->upstream_failed());
  if (unrecorded) co_return unrecorded;
  delivered_ = true;
  FirstByte();
  const absl::Status written = co_await reply_.Write(last);
  if (written.ok()) co_await reply_.Finish();
  co_return std::nullopt;
}

async::Awaitable<std::optional<Refusal>> AnswerDelivery::ReadBody(http::ClientResponse& response) {
  std::size_t size = 0;
  while (true) {
    const absl::StatusOr<std::string> piece = co_await response.Read(cancellation_);
    if (cancellation_.cancelled()) co_return RefusalOfStop(cancellation_.cause());
    if (!piece.ok()) co_return RefusalOfUpstream(piece.status(), context_.grant_used);
    if (piece->empty()) co_return std::nullopt;
    size += piece->size();
    if (size > context_.services.config.max_response_bytes) {
      co_return RefusalOfUpstream(absl::UnavailableError("the answer is too large"),
                                  context_.grant_used);
    }
    const auto fed = reader_->Feed(*piece);
    if (!fed.ok()) co_return RefusalOfUpstream(fed.status(), context_.grant_used);
  }
}

async::Awaitable<std::optional<Refusal>> AnswerDelivery::DeliverBody(
    http::ClientResponse& response) {
  std::optional<Refusal> refusal = co_await ReadBody(response);
  if (refusal) co_return refusal;
  absl::StatusOr<std::vector<dialects::Delivery>> deliveries = co_await Mask(reader_->Finish());
  if (!deliveries.ok()) co_return RefusalOfMasking(deliveries.status());
  const int status = response.head().status;
  const bool failed = status >= 400;
  if (reply_.streaming()) {
    // The caller was told 200 while the call was held; what came is no stream.
    if (!failed || deliveries->empty() ||
        !absl::StrContains(deliveries->front().bytes, "\"error\"")) {
      co_return RefusalOfUpstream(absl::UnavailableError("the answer is no stream"),
                                  context_.grant_used);
    }
    deliveries->front().bytes = AsEvent(deliveries->front().bytes);
  }
  const std::string bytes = Record(*deliveries);
  refusal = co_await End(failed);
  if (refusal) co_return refusal;
  FirstByte();
  if (reply_.streaming()) {
    const absl::Status written = co_await reply_.Write(bytes);
    if (written.ok()) co_await reply_.Finish();
  } else {
    co_await reply_.Whole(status, HeadersFor(response.head()), bytes);
  }
  co_return std::nullopt;
}

async::Awaitable<std::optional<Refusal>> AnswerDelivery::End(bool upstream_failed) {
  domain::SessionEnd end;
  end.outcome = upstream_failed ? Outcome::kUpstreamError : Outcome::kCompleted;
  if (upstream_failed) end.code = "upstream_error";
  const dialects::Usage& usage = reader_->usage();
  end.input_tokens = usage.known ? usage.input_tokens
                                 : static_cast<std::uint32_t>(context_.decision.prompt_tokens);
  end.output_tokens = usage.output_tokens;
  const absl::Status ended = co_await session_.End(end);
  if (!ended.ok()) co_return RefusalOfPart(ended, "session recorder");
  outcome_ = end.outcome;
  context_.services.metrics.Tokens(context_.route.connection->name, end.input_tokens,
                                   end.output_tokens);
  co_return std::nullopt;
}

void AnswerDelivery::FirstByte() {
  if (!std::exchange(first_, false)) return;
  context_.services.metrics.FirstByte(context_.services.clock.Now() - context_.arrived);
}

}  // namespace countersign::edge
