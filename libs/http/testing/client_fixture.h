#pragma once

// For tests of clients: one worker with a client.

#include <future>
#include <memory>
#include <string>
#include <utility>

#include "libs/http/client.h"
#include "libs/http/testing/http_testing.h"

namespace countersign::http::testing {

inline Target Local(std::uint16_t port, Version version = Version::kNegotiated) {
  Target target;
  target.origin.host = "127.0.0.1";
  target.origin.port = port;
  target.version = version;
  return target;
}

inline Request MakeRequest(const char* method, const char* path, absl::string_view body = "") {
  Request request;
  request.head.method = method;
  request.head.target = path;
  request.body = body;
  return request;
}

struct Answer {
  int status = 0;
  Headers headers;
  std::string body;
  Headers trailers;
};

inline async::Awaitable<absl::StatusOr<Answer>> ReadAnswer(ClientResponse& response,
                                                           async::Cancellation& cancellation) {
  Answer answer;
  answer.status = response.head().status;
  answer.headers = response.head().headers;
  while (true) {
    const absl::StatusOr<std::string> piece = co_await response.Read(cancellation);
    if (!piece.ok()) co_return piece.status();
    if (piece->empty()) break;
    answer.body += *piece;
  }
  answer.trailers = response.trailers();
  co_return answer;
}

inline async::Awaitable<absl::StatusOr<Answer>> Call(Client& client, const Target& target,
                                                     const Request& request,
                                                     async::Cancellation& cancellation) {
  const absl::StatusOr<std::unique_ptr<ClientResponse>> response =
      co_await client.Send(target, request, cancellation);
  if (!response.ok()) co_return response.status();
  co_return co_await ReadAnswer(**response, cancellation);
}

// `cancellation` is used by all calls.
struct ClientFixture {
  explicit ClientFixture(ClientOptions options = {}) : client(workers.at(0), std::move(options)) {}
  ~ClientFixture() { workers.Stop(); }
  absl::StatusOr<Answer> operator()(const Target& target, const Request& request) {
    return Run(workers.at(0), [&] { return Call(client, target, request, cancellation); });
  }
  std::future<absl::StatusOr<Answer>> Start(const Target& target, const Request& request) {
    return Begin(workers.at(0), Call(client, target, request, cancellation));
  }
  void Cancel(const absl::Status& cause) {
    workers.at(0).Post([this, cause] { cancellation.Cancel(cause); });
  }
  Workers workers{1};
  Client client;
  async::Cancellation cancellation;
};

}  // namespace countersign::http::testing
