#include "libs/http/client.h"

#include <algorithm>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <deque>
#include <map>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/async/sleep.h"
#include "libs/async/spawn.h"
#include "libs/base/status.h"
#include "libs/http/connect.h"
#include "libs/http/http1/head_scanner.h"
#include "libs/http/stream.h"

namespace countersign::http {
namespace {

namespace beast_http = boost::beast::http;
using Parser = beast_http::response_parser<beast_http::string_body>;

// A read takes this much at first, because most streams send a few hundred bytes at a time and a
// buffer lasts as long as its stream; twice as much after each read that was filled.
constexpr std::size_t kFirstRead = 2u << 10, kMostRead = 64u << 10;
// Limits for reading the rest of a response that is no longer needed.
constexpr absl::Duration kDrainTime = absl::Seconds(1);
constexpr std::size_t kDrainBytes = 64u << 10;

// The limit for an incomplete chunk line or trailer.
constexpr std::size_t kMaxUnparsed = 8u << 10;

std::string FormatRequest(const Origin& origin, const Request& request) {
  std::string text = absl::StrCat(request.head.method, " ", request.head.target,
                                  " HTTP/1.1\r\nhost: ", origin.HostHeader(), "\r\n");
  for (const auto& [name, value] : request.head.headers) {
    absl::StrAppend(&text, name, ": ", value, "\r\n");
  }
  if (!request.body.empty() || request.head.method == "POST") {
    absl::StrAppend(&text, "content-length: ", request.body.size(), "\r\n");
  }
  return text + "\r\n";
}

absl::Status CheckRequest(const RequestHead& head) {
  const auto plain = [](absl::string_view text) {
    return IsFieldValue(text) && !absl::StrContains(text, ' ') && !text.empty();
  };
  if (!plain(head.method) || !plain(head.target)) {
    return absl::InvalidArgumentError("the request line cannot be sent");
  }
  for (const auto& [name, value] : head.headers) {
    if (!plain(name) || absl::StrContains(name, ':') || !IsFieldValue(value)) {
      return absl::InvalidArgumentError("a header field cannot be sent");
    }
  }
  return absl::OkStatus();
}

// Idle connections by origin.
class Pool {
 public:
  Pool(IoLoop& loop, const ClientOptions& options)
      : options_(options), loop_(loop), sweep_(loop.MakeTimer()) {}

  static std::string MakeKey(const Target& target) {
    return absl::StrCat(target.origin.tls ? "s" : "c", target.allow_private ? "p" : "-",
                        target.origin.HostHeader(), "\n", target.client_certificate_pem.Reveal());
  }

  std::unique_ptr<Stream> Take(const std::string& key) {
    auto& idle = idle_[key];
    while (!idle.empty()) {
      Idle kept = std::move(idle.back());
      idle.pop_back();
      if (kept.until > loop_.Now() && kept.stream->IsReusable()) return std::move(kept.stream);
    }
    return nullptr;
  }

  void Keep(const std::string& key, bool tls, std::unique_ptr<Stream> stream) {
    auto& idle = idle_[key];
    if (idle.size() >= options_.max_idle_per_origin) return;
    const absl::Duration keep = tls ? options_.keep_idle_tls : options_.keep_idle;
    idle.push_back(Idle{std::move(stream), async::Executor(loop_).After(keep)});
    Sweep();
  }

 private:
  struct Idle {
    std::unique_ptr<Stream> stream;
    async::TimePoint until;
  };

  void Sweep() {
    if (sweeping_) return;
    sweeping_ = true;
    sweep_->Start(async::Executor(loop_).After(options_.keep_idle), [this] {
      sweeping_ = false;
      DropOld();
    });
  }

  void DropOld() {
    const async::TimePoint now = loop_.Now();
    for (auto at = idle_.begin(); at != idle_.end();) {
      auto& idle = at->second;
      while (!idle.empty() && idle.front().until <= now) idle.pop_front();
      at = idle.empty() ? idle_.erase(at) : std::next(at);
    }
    if (!idle_.empty()) Sweep();
  }

  const ClientOptions options_;
  IoLoop& loop_;
  const std::unique_ptr<async::Timer> sweep_;
  bool sweeping_ = false;
  std::map<std::string, std::deque<Idle>> idle_;
};

class Response final : public ClientResponse {
 public:
  Response(std::shared_ptr<Pool> pool, const ClientOptions& options, std::string key, bool tls,
           std::unique_ptr<Stream> stream)
      : pool_(std::move(pool)),
        options_(options),
        key_(std::move(key)),
        tls_(tls),
        stream_(std::move(stream)) {
    NewParser();
  }

  const ResponseHead& head() const override { return head_; }

  // Sends the request and reads the response's head. `seen` is set when a byte of the response
  // arrives.
  Awaitable<absl::Status> Begin(const Origin& origin, const Request& request,
                                async::Cancellation& cancellation, bool& seen) {
    const async::Cancellation::Watch watch(cancellation, [this] { stream_->Close(); });
    head_request_ = request.head.method == "HEAD";
    NewParser();
    const absl::Status sent = co_await stream_->Write(FormatRequest(origin, request), request.body,
                                                      options_.write_timeout);
    // A server may refuse a request before it has read all of it; its response says why.
    absl::Status status = co_await ReadHead(seen);
    if (!status.ok() && !sent.ok()) status = sent;
    if (!status.ok() && cancellation.cancelled()) co_return cancellation.cause();
    co_return status;
  }

  Awaitable<absl::StatusOr<std::string>> Read(async::Cancellation& cancellation) override {
    if (cancellation.cancelled()) co_return cancellation.cause();
    while (stream_ != nullptr && !parser_->is_done()) {
      boost::system::error_code error;
      if (buffer_.size() > 0) buffer_.consume(parser_->put(buffer_.data(), error));
      if (error && error != beast_http::error::need_more) co_return Malformed(error.message());
      if (!parser_->get().body().empty()) co_return TakePiece();
      if (parser_->is_done()) break;
      if (buffer_.size() > kMaxUnparsed) co_return Malformed("a chunk without an end");
      const async::Cancellation::Watch watch(cancellation, [this] { stream_->Close(); });
      const absl::StatusOr<std::size_t> count = co_await Fill(options_.idle_timeout);
      if (cancellation.cancelled()) co_return cancellation.cause();
      if (!count.ok()) co_return count.status();
      if (*count > 0) continue;
      parser_->put_eof(error);
      if (error) co_return absl::UnavailableError("the upstream broke off its answer");
      stream_.reset();  // the body ends with its connection
    }
    Release();
    co_return std::string();
  }

 private:
  void NewParser() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(options_.max_head_bytes));
    parser_->body_limit(boost::none);
    if (head_request_) parser_->skip(true);
    scanner_.emplace(options_.max_head_bytes, options_.max_head_fields);
    scanned_ = 0;
  }

  Awaitable<absl::StatusOr<std::size_t>> Fill(absl::Duration timeout) {
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
  absl::StatusOr<bool> ParseHead() {
    const absl::string_view bytes(static_cast<const char*>(buffer_.data().data()), buffer_.size());
    const http1::HeadScanner::Result result = scanner_->Scan(bytes.substr(scanned_));
    if (result == http1::HeadScanner::Result::kTooLarge) return Malformed("its head is too large");
    if (result == http1::HeadScanner::Result::kMalformed)
      return Malformed("its head has a folded line");
    boost::system::error_code error;
    if (!bytes.empty()) buffer_.consume(parser_->put(buffer_.data(), error));
    scanned_ = buffer_.size();
    if (error && error != beast_http::error::need_more) return Malformed(error.message());
    return parser_->is_header_done();
  }

  // Ambiguous framing enables response smuggling, and a transfer coding hides the body's content.
  bool HasPlainFraming() const {
    const auto& fields = parser_->get();
    const auto codings = fields.count(beast_http::field::transfer_encoding);
    return codings == 0 ||
           (codings == 1 && fields.count(beast_http::field::content_length) == 0 &&
            boost::beast::iequals(fields[beast_http::field::transfer_encoding], "chunked"));
  }

  Awaitable<absl::Status> ReadHead(bool& seen) {
    const async::Executor executor = stream_->loop();
    const async::TimePoint deadline = executor.After(options_.first_byte_timeout);
    std::size_t interim = 0;
    while (true) {
      const absl::StatusOr<bool> complete = ParseHead();
      if (!complete.ok()) co_return complete.status();
      if (*complete) {
        const int status = parser_->get().result_int();
        if (status >= 200) break;
        if (status == 101) co_return Malformed("it switches protocols");
        if (++interim > options_.max_interim_responses) {
          co_return Malformed("endless interim responses");
        }
        NewParser();
        continue;
      }
      const absl::Duration left = absl::FromChrono(deadline - executor.Now());
      const absl::StatusOr<std::size_t> count =
          co_await Fill(std::max(left, absl::Milliseconds(1)));
      if (!count.ok()) co_return count.status();
      if (*count == 0) {
        co_return absl::UnavailableError("the upstream closed the connection without an answer");
      }
      seen = true;
    }
    if (!HasPlainFraming()) co_return Malformed("its body is coded, or framed twice");
    if (parser_->content_length().value_or(0) > options_.max_content_length) {
      co_return WithReason(absl::UnavailableError("the upstream's answer is too large"), kProtocol);
    }
    head_.status = parser_->get().result_int();
    for (const auto& field : parser_->get()) {
      head_.headers.Add(absl::string_view(field.name_string().data(), field.name_string().size()),
                        absl::string_view(field.value().data(), field.value().size()));
    }
    keep_alive_ = parser_->keep_alive();
    parser_->eager(true);
    co_return absl::OkStatus();
  }

  std::string TakePiece() {
    std::string piece = std::move(parser_->get().body());
    parser_->get().body().clear();
    if (parser_->is_done()) Release();
    return piece;
  }

  void Release() {
    if (stream_ == nullptr) return;
    if (keep_alive_ && buffer_.size() == 0) pool_->Keep(key_, tls_, std::move(stream_));
    stream_.reset();
  }

  static absl::Status Malformed(absl::string_view why) {
    return WithReason(
        absl::UnavailableError(absl::StrCat("the upstream's answer is not HTTP: ", why)),
        kProtocol);
  }

  const std::shared_ptr<Pool> pool_;
  const ClientOptions options_;
  const std::string key_;
  const bool tls_;
  std::unique_ptr<Stream> stream_;
  boost::beast::flat_buffer buffer_;
  std::size_t read_size_ = kFirstRead;
  std::optional<Parser> parser_;
  std::optional<http1::HeadScanner> scanner_;
  std::size_t scanned_ = 0;  // scanned bytes of the buffer
  ResponseHead head_;
  bool head_request_ = false;
  bool keep_alive_ = false;
};

Awaitable<void> Drain(IoLoop& loop, std::unique_ptr<ClientResponse> response) {
  async::Cancellation cancellation;
  const async::Deadline deadline(
      loop, kDrainTime, cancellation,
      absl::DeadlineExceededError("the rest of the response did not arrive in time"));
  std::size_t rest = 0;
  while (rest < kDrainBytes) {
    const absl::StatusOr<std::string> piece = co_await response->Read(cancellation);
    if (!piece.ok() || piece->empty()) break;
    rest += piece->size();
  }
}

}  // namespace

struct Client::State {
  State(IoLoop& event_loop, ClientOptions client_options)
      : loop(event_loop),
        options(std::move(client_options)),
        pool(std::make_shared<Pool>(loop, options)) {}
  IoLoop& loop;
  const ClientOptions options;
  const std::shared_ptr<Pool> pool;
};

Client::Client(IoLoop& loop, ClientOptions options)
    : state_(std::make_shared<State>(loop, std::move(options))) {}

Client::~Client() = default;

Awaitable<absl::StatusOr<std::unique_ptr<ClientResponse>>> Client::Send(
    const Target& target, const Request& request, async::Cancellation& cancellation) {
  const std::shared_ptr<State> state = state_;
  absl::Status status = CheckRequest(request.head);
  if (!status.ok()) co_return status;
  const std::string key = Pool::MakeKey(target);
  std::unique_ptr<Stream> stream = state->pool->Take(key);
  while (true) {
    if (cancellation.cancelled()) co_return cancellation.cause();
    const bool kept = stream != nullptr;
    if (!kept) {
      absl::StatusOr<std::unique_ptr<Stream>> fresh =
          co_await Connect(state->loop, target, state->options, cancellation);
      if (cancellation.cancelled()) co_return cancellation.cause();
      if (!fresh.ok()) co_return WithReason(fresh.status(), kUnreachable);
      stream = *std::move(fresh);
    }
    auto response = std::make_unique<Response>(state->pool, state->options, key, target.origin.tls,
                                               std::move(stream));
    bool seen = false;
    status = co_await response->Begin(target.origin, request, cancellation, seen);
    if (status.ok()) co_return std::unique_ptr<ClientResponse>(std::move(response));
    if (cancellation.cancelled() || !kept || seen || request.head.method != "GET") co_return status;
  }
}

void Client::DrainAndRecycle(std::unique_ptr<ClientResponse> response) {
  async::Spawn(state_->loop, Drain(state_->loop, std::move(response)));
}

}  // namespace countersign::http
