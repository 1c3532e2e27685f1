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
#include "libs/http/limits/connection_table.h"
#include "libs/http/limits/head_scanner.h"
#include "libs/http/server.h"
#include "libs/http/stream.h"

namespace countersign::http {

// Shared by the connections of one listener; outlives them.
struct Http1Shared {
  ServerOptions options;
  Handler handler;
};

// The server side of one HTTP/1.1 connection: reads a request, runs the handler, and starts again.
// Reads no further ahead than one system call returns, so the rest of a pipeline waits in the
// kernel. Kept alive by its own coroutines. All members except the constructor are called on the
// stream's executor.
class Http1Connection final : public Exchange,
                              public std::enable_shared_from_this<Http1Connection> {
 public:
  Http1Connection(Stream::Socket socket, IoLoop& loop, std::shared_ptr<const Http1Shared> shared);

  // `place` is held until the connection ends.
  Awaitable<void> Run(security::TlsContext tls,
                      std::unique_ptr<limits::ConnectionTable::Place> place);

  const std::string& source() const { return source_; }

  void FinishSoon();                // accepts no further request
  void Cancel(absl::Status cause);  // of the current exchange
  void Close();

  const RequestHead& head() const override { return head_; }
  const std::string& client_address() const override { return client_address_; }
  async::Executor executor() override { return stream_.loop(); }
  async::Cancellation& cancellation() override { return *cancellation_; }
  void SetVerified() override { place_->SetVerified(); }
  using Exchange::ReadBody;
  Awaitable<absl::StatusOr<std::string>> ReadBody(std::size_t max_bytes) override;
  Awaitable<absl::Status> Respond(ResponseHead head, absl::string_view body) override;
  Awaitable<absl::Status> Begin(ResponseHead head) override;
  Awaitable<absl::Status> Write(absl::string_view piece) override;
  Awaitable<absl::Status> Finish() override;
  bool begun() const override { return phase_ != Phase::kWaiting; }

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  enum class Phase { kWaiting, kStreaming, kDone };

  Awaitable<bool> AwaitRequest();  // false: the connection has ended
  Awaitable<bool> ReadHead();      // false: refused, or the connection has ended
  void PrepareForHead();
  int ParseHead(limits::HeadScanner& scanner,
                std::size_t& scanned);  // the status of a refusal, or 0
  Awaitable<absl::Status> FillBuffer(absl::Duration timeout);
  bool TakeHead();  // false: not acceptable
  bool TakeTarget();
  Awaitable<void> Refuse(int status);
  Awaitable<void> ServeRequests(security::TlsContext tls);
  Awaitable<void> RunHandler();
  Awaitable<void> Linger();
  void WatchCaller();
  static Awaitable<void> Watch(std::shared_ptr<Http1Connection> self, std::uint64_t exchange);
  void CallerLeft();
  bool ContinueHalfClosed();
  std::string FormatHead(const ResponseHead& head, std::optional<std::size_t> length);
  Awaitable<absl::Status> Send(absl::string_view first, absl::string_view second);

  Stream stream_;
  const std::shared_ptr<const Http1Shared> shared_;
  const std::string client_address_;
  const std::string source_;
  std::unique_ptr<limits::ConnectionTable::Place> place_;
  boost::beast::flat_buffer buffer_;

  // The state of the current request.
  std::optional<Parser> parser_;
  std::unique_ptr<async::Cancellation> cancellation_ = std::make_unique<async::Cancellation>();
  RequestHead head_;
  Phase phase_ = Phase::kWaiting;
  bool body_read_ = false;
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

}  // namespace countersign::http
