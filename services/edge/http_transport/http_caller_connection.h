#pragma once

#include "libs/http/exchange.h"
#include "services/edge/call/caller_connection.h"

namespace countersign::edge::http_transport {

// A CallerConnection over HTTP, in any version that has an http::Exchange.
class HttpCallerConnection final : public call::CallerConnection {
 public:
  explicit HttpCallerConnection(http::Exchange& exchange);

  const call::RequestHead& head() const override { return head_; }
  async::Executor executor() override { return exchange_.executor(); }
  void SetVerified() override { exchange_.SetVerified(); }
  async::Cancellation& cancellation() override { return exchange_.cancellation(); }
  using CallerConnection::ReadBody;
  async::Awaitable<absl::StatusOr<std::string>> ReadBody(std::size_t max_bytes) override;
  async::Awaitable<absl::StatusOr<std::string>> ReadPiece(absl::Duration timeout) override;
  async::Awaitable<absl::Status> Send(call::ReplyHead head, absl::string_view body) override;
  async::Awaitable<absl::Status> Begin(call::ReplyHead head) override;
  async::Awaitable<absl::Status> Write(absl::string_view piece) override;
  using CallerConnection::Finish;
  async::Awaitable<absl::Status> Finish(dialects::HeaderList trailers) override;

 private:
  http::Exchange& exchange_;
  const call::RequestHead head_;
};

// The same fields as http::Headers.
http::Headers ToHttp(const dialects::HeaderList& headers);

}  // namespace countersign::edge::http_transport
