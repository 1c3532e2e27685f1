#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "libs/http/client_exchange.h"
#include "libs/http/client_options.h"
#include "libs/http/http1/head_scanner.h"
#include "libs/http/stream.h"

namespace countersign::http::http1 {

// A ClientExchange that has an HTTP/1.1 connection for itself. A body in pieces is sent chunked.
class ClientExchange final : public http::ClientExchange {
 public:
  // `kept` says whether the connection was used before. It is given to `recycle` when the response
  // was read to its end and the connection can carry another request.
  using Recycle = absl::AnyInvocable<void(std::unique_ptr<Stream>)>;
  ClientExchange(std::unique_ptr<Stream> stream, bool kept,
                 std::shared_ptr<const ClientOptions> options, Recycle recycle);

  // The head is sent with the first piece of the body.
  void Begin(const Origin& origin, const OutgoingHead& head);

  const ResponseHead& head() const override { return head_; }
  Awaitable<absl::StatusOr<std::string>> Read(async::Cancellation& cancellation) override;
  const Headers& trailers() const override { return trailers_; }
  Awaitable<absl::Status> Write(absl::string_view piece,
                                async::Cancellation& cancellation) override;
  Awaitable<absl::Status> Finish(Headers trailers, async::Cancellation& cancellation) override;
  Awaitable<absl::Status> ReadHead(async::Cancellation& cancellation) override;
  bool unprocessed() const override { return false; }
  bool stale() const override { return kept_ && !seen_; }

 private:
  void NewParser();
  Awaitable<absl::Status> Send(absl::string_view first, absl::string_view second,
                               async::Cancellation& cancellation);
  Awaitable<absl::StatusOr<std::size_t>> Fill(absl::Duration timeout);
  absl::StatusOr<bool> ParseHead();
  bool HasPlainFraming() const;
  Awaitable<absl::Status> ReadFinalHead();
  absl::Status TakeHead();
  std::string TakePiece();
  void Release();

  const std::shared_ptr<const ClientOptions> options_;
  Recycle recycle_;
  std::unique_ptr<Stream> stream_;
  const bool kept_;
  std::string unsent_;  // the head, until a piece follows
  bool chunked_ = false;
  boost::beast::flat_buffer buffer_;
  std::size_t read_size_;
  std::optional<boost::beast::http::response_parser<boost::beast::http::string_body>> parser_;
  std::optional<HeadScanner> scanner_;
  std::size_t scanned_ = 0;  // scanned bytes of the buffer
  ResponseHead head_;
  const Headers trailers_;
  bool head_request_ = false;
  bool keep_alive_ = false;
  bool finished_ = false;  // the request
  bool seen_ = false;      // a byte of the response
};

}  // namespace countersign::http::http1
