#include "services/edge/call/answer/answer_delivery.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/base/status.h"
#include "services/edge/call/answer/answer_record.h"
#include "services/edge/call/answer/masked_answer.h"
#include "services/edge/call/headers/header_rules.h"

namespace countersign::edge::call::answer {
namespace {

// Whether the answer has a content coding, in any field. The edge requests none, and a coded answer
// could not be masked.
bool IsEncoded(const dialects::HeaderList& headers) {
  for (const auto& [name, value] : headers) {
    if (!absl::EqualsIgnoreCase(name, "content-encoding")) continue;
    for (const absl::string_view coding : absl::StrSplit(value, ',')) {
      const absl::string_view token = absl::StripAsciiWhitespace(coding);
      if (!token.empty() && !absl::EqualsIgnoreCase(token, "identity")) return true;
    }
  }
  return false;
}

absl::Status Unreadable(absl::string_view why) {
  return WithReason(absl::UnavailableError(why), "upstream_protocol");
}

class AnswerDelivery {
 public:
  AnswerDelivery(const CallContext& context, const request::ReadRequest& read,
                 const admission::AdmittedRequest& admitted, admission::Session& session,
                 UpstreamResponse& response)
      : context_(context),
        read_(read),
        admitted_(admitted),
        response_(response),
        answer_(context, read, admitted, response),
        record_(context, read, admitted, session) {}

  // nullopt when the answer was delivered and the session has ended.
  async::Awaitable<std::optional<Refusal>> Deliver();

  domain::Outcome outcome() const { return record_.outcome(); }  // when delivered
  TokenCounts CountTokens() const { return record_.CountTokens(answer_.usage()); }

 private:
  using Pieces = std::vector<dialects::Delivery>;

  std::optional<Refusal> CheckHead() const;
  async::Awaitable<std::optional<Refusal>> DeliverStream();
  async::Awaitable<std::optional<Refusal>> DeliverPiece(const absl::StatusOr<std::string>& bytes);
  async::Awaitable<std::optional<Refusal>> DeliverDocument();
  async::Awaitable<Step<Pieces>> ReadDocument();
  async::Awaitable<std::optional<Refusal>> WritePieces(Pieces pieces);
  async::Awaitable<std::optional<Refusal>> WriteFinalMarker(Pieces marker);
  async::Awaitable<std::optional<Refusal>> EndWith(bool upstream_failed);
  bool ToEvent(Pieces& document) const;
  dialects::HeaderList MakeHeaders() const;
  Refusal RefuseUpstream(const absl::Status& status) const {
    return RefuseForUpstream(status, admitted_.grant_used());
  }
  Refusal RefuseNow() const { return RefuseCancelled(context_.cancellation.cause()); }
  bool cancelled() const { return context_.cancellation.cancelled(); }
  bool IsUnaryRpc() const { return read_.call().rpc && !read_.prompt()->stream; }

  const CallContext& context_;
  const request::ReadRequest& read_;
  const admission::AdmittedRequest& admitted_;
  UpstreamResponse& response_;
  MaskedAnswer answer_;
  AnswerRecord record_;
  dialects::HeaderList headers_;  // the upstream's headers that the caller gets
  Pieces waiting_;                // of a unary call's answer, until it has ended
  std::size_t waiting_bytes_ = 0;
  bool delivered_ = false;  // the end has been written
};

// The provider refused the gateway's credential. Forwarded, the error would suggest that the
// caller's is wrong.
bool RefusesCredential(int status) { return status == 401 || status == 403 || status == 407; }

// Redirects are not followed: hosts come from the configuration only.
bool IsRedirect(int status) { return status >= 300 && status < 400; }

// Statuses with which servers answer a call in full, or refuse it. Others (204, 205, 206, below
// 200, above 599) say that there is no answer, or not all of it.
bool IsAnswer(int status) {
  return (status >= 200 && status <= 203) || (status >= 400 && status < 600);
}

std::optional<Refusal> AnswerDelivery::CheckHead() const {
  if (RefusesCredential(response_.status())) {
    return RefuseUpstream(WithReason(
        absl::UnavailableError(absl::StrCat("HTTP ", response_.status())), "upstream_auth"));
  }
  if (IsRedirect(response_.status())) {
    return RefuseUpstream(
        Unreadable("it redirects elsewhere, and the connection's URL must be the final one"));
  }
  if (!IsAnswer(response_.status())) {
    return RefuseUpstream(
        Unreadable(absl::StrCat("HTTP ", response_.status(), " is no answer to a call")));
  }
  if (IsEncoded(response_.headers())) return RefuseUpstream(Unreadable("the answer is compressed"));
  return std::nullopt;
}

async::Awaitable<std::optional<Refusal>> AnswerDelivery::Deliver() {
  if (std::optional<Refusal> refusal = CheckHead()) co_return refusal;
  headers_ = MakeHeaders();
  const bool stream = answer_.format() == dialects::AnswerFormat::kEventStream;
  if (stream) record_.AddHead(response_.status(), headers_);
  async::Awaitable<std::optional<Refusal>> delivery = stream ? DeliverStream() : DeliverDocument();
  co_return co_await std::move(delivery);
}

dialects::HeaderList AnswerDelivery::MakeHeaders() const {
  dialects::HeaderList headers = headers::CallerHeaders(response_.headers());
  std::erase_if(headers,
                [this](const auto& field) { return answer_.HoldsCredential(field.second); });
  if (response_.status() >= 400 && admitted_.grant_used()) {
    // A retry would need another approval.
    std::erase_if(headers, [](const auto& field) { return field.first == "x-should-retry"; });
    headers.emplace_back("x-should-retry", "false");
  }
  return headers;
}

async::Awaitable<std::optional<Refusal>> AnswerDelivery::DeliverStream() {
  if (!context_.reply.streaming()) {
    const absl::Status begun = co_await context_.reply.Begin(response_.status(), headers_);
    if (!begun.ok()) co_return RefuseCancelled(absl::CancelledError(begun.message()));
  }
  while (true) {
    const absl::StatusOr<std::string> bytes = co_await response_.ReadPiece(context_.cancellation);
    std::optional<Refusal> refusal = co_await DeliverPiece(bytes);
    if (refusal || delivered_) co_return refusal;
  }
}

// Masks, records and writes what was read; nothing: the answer's end. A coroutine of its own, so
// that a stream that waits for its next piece keeps no room for the work on it.
async::Awaitable<std::optional<Refusal>> AnswerDelivery::DeliverPiece(
    const absl::StatusOr<std::string>& bytes) {
  if (cancelled()) co_return RefuseNow();
  if (!bytes.ok()) co_return RefuseUpstream(bytes.status());
  const bool pauses = response_.pauses();
  const bool ended = bytes->empty() && !pauses;
  // Named first, because g++ 12 destroys the temporaries of a ?: within a co_await twice.
  const dialects::HeaderList trailers = ended ? response_.trailers() : dialects::HeaderList();
  async::Awaitable<Step<Pieces>> masking = ended    ? answer_.Finish(trailers)
                                           : pauses ? answer_.EndTexts()
                                                    : answer_.Feed(*bytes);
  Step<Pieces> pieces = co_await std::move(masking);
  if (!pieces.ok()) co_return std::move(pieces).refusal();
  context_.reply.SetNextNumber(answer_.next_number());
  if (IsUnaryRpc()) {
    // Nobody reads the message before its status, so both take one commit.
    for (dialects::Delivery& piece : *pieces) {
      waiting_bytes_ += piece.bytes.size();
      waiting_.push_back(std::move(piece));
    }
    if (waiting_bytes_ > context_.services.options.max_response_bytes) {
      co_return RefuseUpstream(Unreadable("the answer is too large"));
    }
    if (!ended) co_return std::nullopt;
    co_return co_await WriteFinalMarker(std::exchange(waiting_, {}));
  }
  std::optional<Refusal> refusal = co_await WritePieces(*std::move(pieces));
  if (refusal || delivered_ || !ended) co_return refusal;
  // The upstream ended with its own error, which was delivered: there is no final marker.
  refusal = co_await EndWith(true);
  if (refusal) co_return refusal;
  delivered_ = true;
  co_await context_.reply.Finish();
  co_return std::nullopt;
}

async::Awaitable<std::optional<Refusal>> AnswerDelivery::WritePieces(Pieces pieces) {
  Pieces final_marker;
  if (!pieces.empty() && pieces.back().is_final) {
    final_marker.push_back(std::move(pieces.back()));
    pieces.pop_back();
  }
  if (!pieces.empty()) {
    const std::string bytes = record_.Add(std::move(pieces), answer_.unanalyzed());
    const std::optional<Refusal> unrecorded = co_await record_.Append();
    if (unrecorded) co_return unrecorded;
    if (cancelled()) co_return RefuseNow();
    record_.NoteFirstByte();
    const absl::Status written = co_await context_.reply.Write(bytes);
    if (!written.ok()) co_return RefuseCancelled(absl::CancelledError(written.message()));
  }
  if (final_marker.empty()) co_return std::nullopt;
  co_return co_await WriteFinalMarker(std::move(final_marker));
}

// The final marker is sent only after the end is durable.
async::Awaitable<std::optional<Refusal>> AnswerDelivery::WriteFinalMarker(Pieces marker) {
  dialects::HeaderList trailers = marker.back().trailers;
  const std::string bytes = record_.Add(std::move(marker), answer_.unanalyzed());
  const std::optional<Refusal> unrecorded = co_await EndWith(answer_.upstream_failed());
  if (unrecorded) co_return unrecorded;
  delivered_ = true;
  record_.NoteFirstByte();
  const absl::Status written = co_await context_.reply.Write(bytes);
  if (written.ok()) co_await context_.reply.Finish(std::move(trailers));
  co_return std::nullopt;
}

async::Awaitable<Step<AnswerDelivery::Pieces>> AnswerDelivery::ReadDocument() {
  std::size_t size = 0;
  while (true) {
    const absl::StatusOr<std::string> bytes = co_await response_.ReadPiece(context_.cancellation);
    if (cancelled()) co_return RefuseNow();
    if (!bytes.ok()) co_return RefuseUpstream(bytes.status());
    if (bytes->empty()) {
      const dialects::HeaderList none;
      co_return co_await answer_.Finish(none);
    }
    size += bytes->size();
    if (size > context_.services.options.max_response_bytes) {
      co_return RefuseUpstream(Unreadable("the answer is too large"));
    }
    Step<Pieces> fed = co_await answer_.Feed(*bytes);  // a document is released at its end only
    if (!fed.ok()) co_return std::move(fed).refusal();
  }
}

async::Awaitable<std::optional<Refusal>> AnswerDelivery::DeliverDocument() {
  Step<Pieces> document = co_await ReadDocument();
  if (document.ok() && !document->empty()) {
    dialects::HeaderList& more = document->front().headers;
    std::move(more.begin(), more.end(), std::back_inserter(headers_));
  }
  record_.AddHead(response_.status(), headers_);
  if (!document.ok()) co_return std::move(document).refusal();
  const bool streaming = context_.reply.streaming();
  if (streaming && !ToEvent(*document)) {
    co_return RefuseUpstream(Unreadable("the answer is no stream"));
  }
  const std::string bytes = record_.Add(*std::move(document), answer_.unanalyzed());
  std::optional<Refusal> unrecorded = co_await EndWith(response_.status() >= 400);
  if (unrecorded) co_return unrecorded;
  record_.NoteFirstByte();
  if (streaming) {
    const absl::Status written = co_await context_.reply.Write(bytes);
    if (written.ok()) co_await context_.reply.Finish();
  } else {
    co_await context_.reply.Send(response_.status(), headers_, bytes);
  }
  co_return std::nullopt;
}

// Handles an answer that is not a stream although a stream's head was sent while the call was held:
// an upstream's error becomes an event; false for other answers.
bool AnswerDelivery::ToEvent(Pieces& document) const {
  if (response_.status() < 400 || document.empty()) return false;
  std::optional<std::string> event =
      read_.dialect().WriteErrorBodyEvent(document.front().bytes, context_.reply.place());
  if (!event) return false;
  document.front().bytes = *std::move(event);
  return true;
}

async::Awaitable<std::optional<Refusal>> AnswerDelivery::EndWith(bool upstream_failed) {
  return record_.End(answer_.usage(), upstream_failed);
}

}  // namespace

async::Awaitable<Step<Delivered>> DeliverAnswer(const CallContext& context,
                                                const request::ReadRequest& read,
                                                const admission::AdmittedRequest& admitted,
                                                admission::Session& session,
                                                UpstreamResponse& response) {
  AnswerDelivery delivery(context, read, admitted, session, response);
  std::optional<Refusal> refusal = co_await delivery.Deliver();
  if (refusal) {
    refusal->tokens = delivery.CountTokens();
    co_return *std::move(refusal);
  }
  co_return Delivered{delivery.outcome()};
}

}  // namespace countersign::edge::call::answer
