#include "services/edge/http_transport/http_caller_connection.h"

#include <algorithm>

namespace countersign::edge::http_transport {
namespace {

call::RequestHead ReadHead(const http::Exchange& exchange) {
  const http::RequestHead& read = exchange.head();
  const absl::string_view target = read.target;
  const std::size_t question = std::min(target.find('?'), target.size());
  call::RequestHead head;
  head.method = read.method;
  head.path = std::string(target.substr(0, question));
  if (question < target.size()) head.query = std::string(target.substr(question + 1));
  head.headers.assign(read.headers.begin(), read.headers.end());
  head.client_address = exchange.client_address();
  head.http_version = read.version;
  return head;
}

http::ResponseHead ToResponseHead(const call::ReplyHead& head) {
  return http::ResponseHead{head.status, ToHttp(head.headers)};
}

}  // namespace

http::Headers ToHttp(const dialects::HeaderList& headers) {
  http::Headers fields;
  for (const auto& [name, value] : headers) fields.Add(name, value);
  return fields;
}

HttpCallerConnection::HttpCallerConnection(http::Exchange& exchange)
    : exchange_(exchange), head_(ReadHead(exchange)) {}

async::Awaitable<absl::StatusOr<std::string>> HttpCallerConnection::ReadBody(
    std::size_t max_bytes) {
  return exchange_.ReadBody(max_bytes);
}

async::Awaitable<absl::StatusOr<std::string>> HttpCallerConnection::ReadPiece(
    absl::Duration timeout) {
  return exchange_.ReadPiece(timeout);
}

async::Awaitable<absl::Status> HttpCallerConnection::Send(call::ReplyHead head,
                                                          absl::string_view body) {
  return exchange_.Respond(ToResponseHead(head), body);
}

async::Awaitable<absl::Status> HttpCallerConnection::Begin(call::ReplyHead head) {
  return exchange_.Begin(ToResponseHead(head));
}

async::Awaitable<absl::Status> HttpCallerConnection::Write(absl::string_view piece) {
  return exchange_.Write(piece);
}

async::Awaitable<absl::Status> HttpCallerConnection::Finish(dialects::HeaderList trailers) {
  return exchange_.Finish(ToHttp(trailers));
}

}  // namespace countersign::edge::http_transport
