#include "libs/http/http1/client_exchange.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace countersign::http::http1 {
namespace {

namespace beast_http = boost::beast::http;

// A read takes this much at first, because most streams send a few hundred bytes at a time; twice
// as much after each read that was filled.
constexpr std::size_t kFirstRead = 2u << 10, kMostRead = 64u << 10;

// The limit for an incomplete chunk line or trailer.
constexpr std::size_t kMaxUnparsed = 8u << 10;

std::string FormatHead(const Origin& origin, const OutgoingHead& outgoing) {
  const RequestHead& head = outgoing.head;
  std::string text = absl::StrCat(head.method, " ", head.target,
                                  " HTTP/1.1\r\nhost: ", origin.HostHeader(), "\r\n");
  for (const auto& [name, value] : head.headers) {
    absl::StrAppend(&text, name, ": ", value, "\r\n");
  }
  if (!outgoing.content_length.has_value()) {
    absl::StrAppend(&text, "transfer-encoding: chunked\r\n");
  } else if (outgoing.NeedsContentLength()) {
    absl::StrAppend(&text, "content-length: ", *outgoing.content_length, "\r\n");
  }
  return text + "\r\n";
}

}  // namespace

ClientExchange::ClientExchange(std::unique_ptr<Stream> stream, bool kept,
                               std::shared_ptr<const ClientOptions> options, Recycle recycle)
    : options_(std::move(options)),
      recycle_(std::move(recycle)),
      stream_(std::move(stream)),
      kept_(kept),
      read_size_(kFirstRead) {
  NewParser();
}

void ClientExchange::Begin(const Origin& origin, const OutgoingHead& head) {
  unsent_ = FormatHead(origin, head);
  chunked_ = !head.content_length.has_value();
  head_request_ = head.head.method == "HEAD";
  NewParser();
}

void ClientExchange::NewParser() {
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(options_->max_head_bytes));
  parser_->body_limit(boost::none);
  if (head_request_) parser_->skip(true);
  scanner_.emplace(options_->max_head_bytes, options_->max_head_fields);
  scanned_ = 0;
}

Awaitable<absl::Status> ClientExchange::Send(absl::string_view first, absl::string_view second,
                                             async::Cancellation& cancellation) {
  if (cancellation.cancelled()) co_return cancellation.cause();
  if (stream_ == nullptr) co_return absl::UnavailableError("the upstream has answered");
  const async::Cancellation::Watch watch(cancellation, [this] { stream_->Close(); });
  const absl::Status sent = co_await stream_->Write(first, second, options_->write_timeout);
  co_return cancellation.cancelled() ? cancellation.cause() : sent;
}

Awaitable<absl::Status> ClientExchange::Write(absl::string_view piece,
                                              async::Cancellation& cancellation) {
  std::string before = std::exchange(unsent_, "");
  if (chunked_ && !piece.empty()) {
    absl::StrAppend(&before, absl::Hex(piece.size()), "\r\n");
    unsent_ = "\r\n";
  }
  if (before.empty() && piece.empty()) co_return absl::OkStatus();
  co_return co_await Send(before, piece, cancellation);
}

Awaitable<absl::Status> ClientExchange::Finish(Headers, async::Cancellation& cancellation) {
  std::string rest = std::exchange(unsent_, "");
  if (chunked_) absl::StrAppend(&rest, "0\r\n\r\n");
  finished_ = true;
  if (rest.empty()) co_return absl::OkStatus();
  co_return co_await Send(rest, absl::string_view(), cancellation);
}

Awaitable<absl::StatusOr<std::size_t>> ClientExchange::Fill(absl::Duration timeout) {
  buffer_.shrink_to_fit();  // streams wait for most of their time, and need no buffer then
  const absl::Status readable = co_await stream_->AwaitReadable(timeout);
  if (!readable.ok()) co_return readable;
  const auto space = buffer_.prepare(read_size_);
  const absl::StatusOr<std::size_t> count =
      co_await stream_->ReadSome(static_cast<char*>(space.data()), space.size(), timeout);
  if (count.ok()) {
    buffer_.commit(*count);
    if (*count == read_size_) read_size_ = std::min(2 * read_size_, kMostRead);
  }
  co_return count;
}

// Parses the available part of a head. True when it is complete.
absl::StatusOr<bool> ClientExchange::ParseHead() {
  const absl::string_view bytes(static_cast<const char*>(buffer_.data().data()), buffer_.size());
  const HeadScanner::Result result = scanner_->Scan(bytes.substr(scanned_));
  if (result == HeadScanner::Result::kTooLarge) return MalformedAnswer("its head is too large");
  if (result == HeadScanner::Result::kMalformed)
    return MalformedAnswer("its head has a folded line");
  boost::system::error_code error;
  if (!bytes.empty()) buffer_.consume(parser_->put(buffer_.data(), error));
  scanned_ = buffer_.size();
  if (error && error != beast_http::error::need_more) return MalformedAnswer(error.message());
  return parser_->is_header_done();
}

// Ambiguous framing enables response smuggling, and a transfer coding hides the body's content.
bool ClientExchange::HasPlainFraming() const {
  const auto& fields = parser_->get();
  const auto codings = fields.count(beast_http::field::transfer_encoding);
  return codings == 0 ||
         (codings == 1 && fields.count(beast_http::field::content_length) == 0 &&
          boost::beast::iequals(fields[beast_http::field::transfer_encoding], "chunked"));
}

Awaitable<absl::Status> ClientExchange::ReadHead(async::Cancellation& cancellation) {
  if (cancellation.cancelled()) co_return cancellation.cause();
  const async::Cancellation::Watch watch(cancellation, [this] { stream_->Close(); });
  absl::Status status = co_await ReadFinalHead();
  if (!status.ok() && cancellation.cancelled()) co_return cancellation.cause();
  co_return status;
}

Awaitable<absl::Status> ClientExchange::ReadFinalHead() {
  const async::Executor executor = stream_->loop();
  const async::TimePoint deadline = executor.After(options_->first_byte_timeout);
  std::size_t interim = 0;
  while (true) {
    const absl::StatusOr<bool> complete = ParseHead();
    if (!complete.ok()) co_return complete.status();
    if (*complete) {
      const int status = parser_->get().result_int();
      if (status >= 200) co_return TakeHead();
      if (status == 101) co_return MalformedAnswer("it switches protocols");
      if (++interim > options_->max_interim_responses) {
        co_return MalformedAnswer("endless interim responses");
      }
      NewParser();
      continue;
    }
    const absl::Duration left = absl::FromChrono(deadline - executor.Now());
    const absl::StatusOr<std::size_t> count = co_await Fill(std::max(left, absl::Milliseconds(1)));
    if (!count.ok()) co_return count.status();
    if (*count == 0) {
      co_return absl::UnavailableError("the upstream closed the connection without an answer");
    }
    seen_ = true;
  }
}

absl::Status ClientExchange::TakeHead() {
  if (!HasPlainFraming()) return MalformedAnswer("its body is coded, or framed twice");
  if (parser_->content_length().value_or(0) > options_->max_content_length) {
    return WithReason(absl::UnavailableError("the upstream's answer is too large"), kProtocol);
  }
  head_.status = parser_->get().result_int();
  for (const auto& field : parser_->get()) {
    head_.headers.Add(absl::string_view(field.name_string().data(), field.name_string().size()),
                      absl::string_view(field.value().data(), field.value().size()));
  }
  keep_alive_ = parser_->keep_alive();
  parser_->get().base().clear();  // the parser would keep a second copy until the body's end
  parser_->eager(true);
  return absl::OkStatus();
}

Awaitable<absl::StatusOr<std::string>> ClientExchange::Read(async::Cancellation& cancellation) {
  if (cancellation.cancelled()) co_return cancellation.cause();
  while (stream_ != nullptr && !parser_->is_done()) {
    boost::system::error_code error;
    if (buffer_.size() > 0) buffer_.consume(parser_->put(buffer_.data(), error));
    if (error && error != beast_http::error::need_more) co_return MalformedAnswer(error.message());
    if (!parser_->get().body().empty()) co_return TakePiece();
    if (parser_->is_done()) break;
    if (buffer_.size() > kMaxUnparsed) co_return MalformedAnswer("a chunk without an end");
    const async::Cancellation::Watch watch(cancellation, [this] { stream_->Close(); });
    const absl::StatusOr<std::size_t> count = co_await Fill(options_->idle_timeout);
    if (cancellation.cancelled()) co_return cancellation.cause();
    if (!count.ok()) co_return count.status();
    if (*count > 0) continue;
    parser_->put_eof(error);
    if (error) co_return absl::UnavailableError("the upstream broke off its answer");
    keep_alive_ = false;  // the body ends with its connection
    break;
  }
  Release();
  co_return std::string();
}

std::string ClientExchange::TakePiece() {
  std::string piece = std::move(parser_->get().body());
  parser_->get().body().clear();
  if (parser_->is_done()) Release();
  return piece;
}

// A request that is still being sent keeps its connection until the exchange is destroyed.
void ClientExchange::Release() {
  if (stream_ == nullptr || !finished_) return;
  if (keep_alive_ && buffer_.size() == 0) recycle_(std::move(stream_));
  stream_.reset();
}

}  // namespace countersign::http::http1
