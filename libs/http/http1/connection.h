#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "libs/async/condition.h"
#include "libs/http/exchange.h"
#include "libs/http/http1/head_scanner.h"
#include "libs/http/limits/connection_table.h"
#include "libs/http/server_connection.h"
#include "libs/http/stream.h"

namespace countersign::http::http1 {

// The server side of one HTTP/1.1 connection: reads a request, runs the handler, and starts again.
// Reads no further ahead than one system call returns, so the rest of a pipeline waits in the
// kernel. All members except the constructor are called on the stream's executor.
class Connection final : public ServerConnection,
                         public Exchange,
                         public std::enable_shared_from_this<Connection> {
 public:
  explicit Connection(Accepted accepted);

  Awaitable<void> Run() override;
  void FinishSoon() override;
  void Cancel(absl::Status cause) override;
  void Close() override;

  const RequestHead& head() const override { return head_; }
  const std::string& client_address() const override { return client_address_; }
  async::Executor executor() override { return stream_->loop(); }
  async::Cancellation& cancellation() override { return *cancellation_; }
  void SetVerified() override { place_.SetVerified(); }
  using Exchange::ReadBody;
  Awaitable<absl::StatusOr<std::string>> ReadBody(std::size_t max_bytes) override;
  Awaitable<absl::StatusOr<std::string>> ReadPiece(absl::Duration timeout) override;
  const Headers& trailers() const override { return trailers_; }
  Awaitable<absl::Status> Respond(ResponseHead head, absl::string_view body) override;
  Awaitable<absl::Status> Begin(ResponseHead head) override;
  Awaitable<absl::Status> Write(absl::string_view piece) override;
  using Exchange::Finish;
  Awaitable<absl::Status> Finish(Headers trailers) override;
  bool begun() const override { return phase_ != Phase::kWaiting; }

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  enum class Phase { kWaiting, kStreaming, kDone };

  Awaitable<bool> AwaitRequest();  // false: the connection has ended
  Awaitable<bool> ReadHead();      // false: refused, or the connection has ended
  void PrepareForHead();
  // Skips empty lines before a request (RFC 9112, section 2.2). True: more of them may come.
  bool SkipEmptyLines();
  int ParseHead(HeadScanner& scanner,
                std::size_t& scanned);  // the status of a refusal, or 0
  Awaitable<absl::Status> FillBuffer(absl::Duration timeout);
  bool TakeHead();  // false: not acceptable
  bool TakeTarget();
  Awaitable<absl::Status> ContinueBody();
  absl::StatusOr<bool> ParseBody();  // false: more bytes are needed
  Awaitable<absl::Status> ReadMoreBody(absl::Duration timeout);
  void EndBody();
  Awaitable<void> Refuse(int status);
  Awaitable<void> RunHandler();
  Awaitable<void> Linger();
  void WatchCaller();
  static Awaitable<void> Watch(std::shared_ptr<Connection> self, std::uint64_t exchange);
  void CallerLeft();
  bool ContinueHalfClosed();
  std::string FormatHead(const ResponseHead& head, std::optional<std::size_t> length);
  Awaitable<absl::Status> Send(absl::string_view first, absl::string_view second);

  const std::unique_ptr<Stream> stream_;
  const std::shared_ptr<const Serving> serving_;
  const std::string client_address_;
  limits::ConnectionTable::Place& place_;
  boost::beast::flat_buffer buffer_;

  // The state of the current request.
  std::optional<Parser> parser_;
  std::unique_ptr<async::Cancellation> cancellation_ = std::make_unique<async::Cancellation>();
  RequestHead head_;
  Phase phase_ = Phase::kWaiting;
  const Headers trailers_;           // always empty
  std::uint64_t body_received_ = 0;  // bytes, with their framing
  std::uint64_t body_returned_ = 0;  // bytes
  bool body_read_ = false;
  bool piecewise_ = false;  // ReadPiece was called
  bool chunked_ = false;
  bool http10_ = false;
  bool keep_alive_ = true;
  bool half_closed_ = false;  // the caller closed its direction and may wait for the response

  bool input_ended_ = false;  // nothing more can be read

  bool finish_soon_ = false;
  bool handling_ = false;
  std::uint64_t exchanges_ = 0;  // started so far
  // While the handler works, one read is outstanding. It detects when the caller leaves; any bytes
  // that it reads belong to the next request. After that nothing more is read, and the kernel is
  // polled for whether the caller is still connected.
  bool watching_ = false;
  bool gone_ = false;
  async::Condition watch_done_;
  async::Condition handler_done_;
};

}  // namespace countersign::http::http1
