#include "services/edge/ext_proc/proxied_exchange.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/edge/call/headers/header_rules.h"

namespace countersign::edge::ext_proc {
namespace {

using call::headers::FindHeader;

// Envoy recommends pieces of at most 64 KiB.
constexpr std::size_t kMostPiece = 64u << 10;

// Fields that Envoy needs to send the request.
bool IsProxys(absl::string_view name) {
  return absl::StartsWith(name, ":") || name == "host" || name == "x-forwarded-proto";
}

std::vector<std::string> ListNames(const dialects::HeaderList& headers) {
  std::vector<std::string> names;
  for (const auto& [name, value] : headers) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

// Replaces all of a head's fields.
HeaderChanges Replace(const std::vector<std::string>& names, dialects::HeaderList with) {
  HeaderChanges changes;
  for (const std::string& name : names) {
    if (!IsProxys(name) && FindHeader(with, name).empty()) changes.remove.push_back(name);
  }
  changes.set = std::move(with);
  return changes;
}

absl::Status Unexpected() {
  return absl::InvalidArgumentError("the proxy's messages are out of order");
}

}  // namespace

ProxiedExchange::ProxiedExchange(ProxyStream& stream, const ProxyMessage& head, const Modes& modes,
                                 const ExchangeLimits& limits)
    : stream_(stream), modes_(modes), limits_(limits), path_(FindHeader(head.headers, ":path")) {
  request_.names = ListNames(head.headers);
  request_.has_body = !head.end_of_stream;
  request_.ended = head.end_of_stream;
}

async::Awaitable<absl::StatusOr<ProxyMessage>> ProxiedExchange::ReadPart(Direction direction,
                                                                         absl::Duration timeout) {
  absl::StatusOr<ProxyMessage> message = co_await stream_.Read(timeout);
  if (message.ok() && message->direction != direction) co_return Unexpected();
  co_return message;
}

// The head is answered first: only then a buffered body is sent.
async::Awaitable<absl::StatusOr<std::string>> ProxiedExchange::ReadBuffered(
    Direction direction, Message& message, absl::Duration timeout) {
  const HeadersReply unchanged{direction, {}};
  const absl::Status sent = co_await stream_.Send(unchanged);
  if (!sent.ok()) co_return sent;
  absl::StatusOr<ProxyMessage> body = co_await ReadPart(direction, timeout);
  if (!body.ok()) co_return body.status();
  if (body->part != Part::kBody) co_return Unexpected();
  message.ended = true;
  message.more = !body->end_of_stream;
  co_return std::move(body->body);
}

// The next piece, which may be empty; `message.ended` after the last one.
async::Awaitable<absl::StatusOr<std::string>> ProxiedExchange::ReadStreamed(
    Direction direction, Message& message, absl::Duration timeout) {
  absl::StatusOr<ProxyMessage> next = co_await ReadPart(direction, timeout);
  if (!next.ok()) co_return next.status();
  if (next->part != Part::kBody && next->part != Part::kTrailers) co_return Unexpected();
  message.has_trailers = next->part == Part::kTrailers;
  message.trailers = ListNames(next->headers);
  message.ended = next->end_of_stream;
  co_return std::move(next->body);
}

async::Awaitable<absl::StatusOr<std::string>> ProxiedExchange::ReadRequestBody(
    std::size_t max_bytes) {
  const std::size_t limit = std::min(max_bytes, limits_.body_bytes);
  std::string body;
  while (!request_.ended) {
    const bool buffered = modes_.request == BodyMode::kBuffered;
    // Named first, because g++ 12 destroys the temporaries of a ?: within a co_await twice.
    async::Awaitable<absl::StatusOr<std::string>> reading =
        buffered ? ReadBuffered(Direction::kRequest, request_, limits_.request_timeout)
                 : ReadStreamed(Direction::kRequest, request_, limits_.piece_timeout);
    const absl::StatusOr<std::string> piece = co_await std::move(reading);
    if (!piece.ok()) co_return piece.status();
    if (piece->size() > limit - body.size()) {
      co_return absl::ResourceExhaustedError(
          absl::StrCat("the body is larger than ", limit, " bytes"));
    }
    body += *piece;
  }
  co_return body;
}

async::Awaitable<absl::Status> ProxiedExchange::AskForTime(absl::Duration duration) {
  if (std::exchange(asked_for_time_, true)) co_return absl::OkStatus();
  const MoreTime more{duration};
  co_return co_await stream_.Send(more);
}

async::Awaitable<absl::Status> ProxiedExchange::SendPieces(Direction direction,
                                                           absl::string_view body) {
  while (!body.empty()) {
    PieceReply piece{direction, std::string(body.substr(0, kMostPiece)), false};
    body.remove_prefix(piece.piece.size());
    const absl::Status sent = co_await stream_.Send(std::move(piece));
    if (!sent.ok()) co_return sent;
  }
  co_return absl::OkStatus();
}

// Ends a streamed body as it came: with trailers, of which none goes on, or without.
async::Awaitable<absl::Status> ProxiedExchange::EndBody(Direction direction,
                                                        const Message& message) {
  ProxyReply end = PieceReply{direction, "", true};
  if (message.has_trailers) end = TrailersReply{direction, message.trailers};
  co_return co_await stream_.Send(std::move(end));
}

// Replaces a head whose body was read to its end, and the body.
async::Awaitable<absl::Status> ProxiedExchange::SendWhole(Direction direction,
                                                          const Message& message,
                                                          HeaderChanges changes,
                                                          const std::string& body) {
  if (!message.has_body) {
    HeadersReply head{direction, std::move(changes)};
    co_return co_await stream_.Send(std::move(head));
  }
  const BodyMode mode = direction == Direction::kRequest ? modes_.request : modes_.response;
  if (mode == BodyMode::kBuffered) {
    changes.set.emplace_back("content-length", absl::StrCat(body.size()));
    BodyReply whole{direction, std::move(changes), body};
    co_return co_await stream_.Send(std::move(whole));
  }
  HeadersReply head{direction, std::move(changes)};
  absl::Status sent = co_await stream_.Send(std::move(head));
  if (sent.ok()) sent = co_await SendPieces(direction, body);
  if (sent.ok()) sent = co_await EndBody(direction, message);
  co_return sent;
}

async::Awaitable<absl::Status> ProxiedExchange::Forward(const std::string& target,
                                                        const dialects::HeaderList& headers,
                                                        const std::string& body) {
  if (!request_.ended) {
    const absl::StatusOr<std::string> unread = co_await ReadRequestBody(limits_.body_bytes);
    if (!unread.ok()) co_return unread.status();
  }
  if (!request_.has_body && !body.empty()) {
    co_return absl::InternalError("the proxy's request has no body to replace");
  }
  HeaderChanges changes = Replace(request_.names, headers);
  if (target != path_) changes.set.emplace_back(":path", target);
  stream_.SetForwarded();
  co_return co_await SendWhole(Direction::kRequest, request_, std::move(changes), body);
}

async::Awaitable<absl::StatusOr<call::ReplyHead>> ProxiedExchange::ReadResponseHead() {
  while (true) {
    const absl::StatusOr<ProxyMessage> message = co_await stream_.Read(limits_.answer_timeout);
    if (!message.ok()) co_return message.status();
    if (message->direction == Direction::kRequest && message->part == Part::kTrailers) {
      const TrailersReply removed{Direction::kRequest, ListNames(message->headers)};
      const absl::Status sent = co_await stream_.Send(removed);
      if (!sent.ok()) co_return sent;
      continue;
    }
    if (message->direction == Direction::kRequest || message->part != Part::kHeaders) {
      co_return Unexpected();
    }
    call::ReplyHead head;
    if (!absl::SimpleAtoi(FindHeader(message->headers, ":status"), &head.status)) {
      co_return Unexpected();
    }
    response_head_ = true;
    response_.names = ListNames(message->headers);
    response_.has_body = !message->end_of_stream;
    response_.ended = message->end_of_stream;
    for (const auto& field : message->headers) {
      if (!absl::StartsWith(field.first, ":")) head.headers.push_back(field);
    }
    co_return head;
  }
}

async::Awaitable<absl::StatusOr<std::string>> ProxiedExchange::ReadResponsePiece() {
  while (!response_.ended) {
    const bool buffered = modes_.response == BodyMode::kBuffered;
    // Named first, because g++ 12 destroys the temporaries of a ?: within a co_await twice.
    async::Awaitable<absl::StatusOr<std::string>> reading =
        buffered ? ReadBuffered(Direction::kResponse, response_, limits_.answer_timeout)
                 : ReadStreamed(Direction::kResponse, response_, limits_.answer_timeout);
    absl::StatusOr<std::string> piece = co_await std::move(reading);
    if (!piece.ok() || !piece->empty()) co_return piece;
  }
  co_return "";
}

async::Awaitable<absl::Status> ProxiedExchange::Send(call::ReplyHead head, absl::string_view body) {
  const bool replaces =
      response_head_ && response_.ended && (response_.has_body || body.empty()) && !complete_;
  if (!replaces) {
    complete_ = true;
    ImmediateReply reply{head.status, std::move(head.headers), std::string(body)};
    co_return co_await stream_.Send(std::move(reply));
  }
  HeaderChanges changes = Replace(response_.names, std::move(head.headers));
  changes.set.emplace_back(":status", absl::StrCat(head.status));
  const absl::Status sent =
      co_await SendWhole(Direction::kResponse, response_, std::move(changes), std::string(body));
  complete_ = sent.ok();
  if (!sent.ok() || !response_.more) co_return sent;
  co_return co_await AnswerLateTrailers();
}

// A buffered body did not say that it is the end: the trailers come now, if the filter sends them.
async::Awaitable<absl::Status> ProxiedExchange::AnswerLateTrailers() {
  const absl::StatusOr<ProxyMessage> message =
      co_await ReadPart(Direction::kResponse, limits_.end_timeout);
  if (!message.ok() || message->part != Part::kTrailers) co_return absl::OkStatus();
  const TrailersReply removed{Direction::kResponse, ListNames(message->headers)};
  co_return co_await stream_.Send(removed);
}

void ProxiedExchange::Begin(call::ReplyHead head) { reply_ = std::move(head); }

async::Awaitable<absl::Status> ProxiedExchange::Write(absl::string_view piece) {
  if (!CanStream()) {
    kept_.append(piece.data(), piece.size());
    co_return absl::OkStatus();
  }
  if (!std::exchange(reply_head_sent_, true)) {
    HeaderChanges changes = Replace(response_.names, std::move(reply_->headers));
    changes.set.emplace_back(":status", absl::StrCat(reply_->status));
    HeadersReply head{Direction::kResponse, std::move(changes)};
    const absl::Status sent = co_await stream_.Send(std::move(head));
    if (!sent.ok()) co_return sent;
    kept_.append(piece.data(), piece.size());
    const std::string first = std::exchange(kept_, "");
    co_return co_await SendPieces(Direction::kResponse, first);
  }
  co_return co_await SendPieces(Direction::kResponse, piece);
}

async::Awaitable<absl::Status> ProxiedExchange::Finish() {
  if (!reply_head_sent_) {
    const std::string body = std::exchange(kept_, "");
    co_return co_await Send(*std::move(reply_), body);
  }
  // The filter takes the end only after the model's own. A model that goes on is cut off.
  const async::TimePoint until = stream_.executor().After(limits_.end_timeout);
  while (!response_.ended) {
    const absl::Duration left = absl::FromChrono(until - stream_.executor().Now());
    const absl::StatusOr<std::string> rest =
        co_await ReadStreamed(Direction::kResponse, response_, left);
    if (!rest.ok()) co_return rest.status();
  }
  const absl::Status sent = co_await EndBody(Direction::kResponse, response_);
  complete_ = sent.ok();
  co_return sent;
}

}  // namespace countersign::edge::ext_proc
