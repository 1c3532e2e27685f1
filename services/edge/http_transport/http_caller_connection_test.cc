#include "services/edge/http_transport/http_caller_connection.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "libs/async/testing/manual_executor.h"

namespace countersign::edge::http_transport {
namespace {

// An exchange that records its calls.
class KeptExchange final : public http::Exchange {
 public:
  explicit KeptExchange(async::Executor executor) : executor_(executor) {}

  http::RequestHead request;
  http::ResponseHead response;
  bool verified = false;
  std::vector<std::string> said;  // Respond's body, Write's pieces

  const http::RequestHead& head() const override { return request; }
  const std::string& client_address() const override { return address_; }
  async::Executor executor() override { return executor_; }
  void SetVerified() override { verified = true; }
  async::Cancellation& cancellation() override { return cancellation_; }
  using Exchange::ReadBody;
  async::Awaitable<absl::StatusOr<std::string>> ReadBody(std::size_t max_bytes) override {
    co_return absl::ResourceExhaustedError(std::to_string(max_bytes));
  }
  async::Awaitable<absl::StatusOr<std::string>> ReadPiece(absl::Duration timeout) override {
    co_return absl::FormatDuration(timeout);
  }
  const http::Headers& trailers() const override { return request.headers; }
  async::Awaitable<absl::Status> Respond(http::ResponseHead head, absl::string_view body) override {
    response = std::move(head);
    said.emplace_back(body);
    co_return absl::OkStatus();
  }
  async::Awaitable<absl::Status> Begin(http::ResponseHead head) override {
    response = std::move(head);
    co_return absl::OkStatus();
  }
  async::Awaitable<absl::Status> Write(absl::string_view piece) override {
    said.emplace_back(piece);
    co_return absl::OkStatus();
  }
  using Exchange::Finish;
  async::Awaitable<absl::Status> Finish(http::Headers trailers) override {
    response.headers = std::move(trailers);
    co_return absl::UnavailableError("reset");
  }
  bool begun() const override { return false; }

 private:
  const async::Executor executor_;
  async::Cancellation cancellation_;
  const std::string address_ = "192.0.2.7:4711";
};

struct Fixture {
  HttpCallerConnection Connect(const std::string& target) {
    exchange.request.method = "POST";
    exchange.request.target = target;
    exchange.request.headers.Add("Host", "gateway");
    exchange.request.headers.Add("accept", "*/*");
    return HttpCallerConnection(exchange);
  }

  async::testing::ManualExecutor executor;
  KeptExchange exchange{executor};
};

TEST_CASE("HttpCallerConnection: the head as plain data, path and query apart", "[edge]") {
  struct Case {
    const char* target;
    const char* path;
    const char* query;
  };
  const Case cases[] = {{"/v1/models", "/v1/models", ""},
                        {"/v1/models?", "/v1/models", ""},
                        {"/v1/models?a=b&c", "/v1/models", "a=b&c"},
                        {"/v1/models?a=b?c", "/v1/models", "a=b?c"},
                        {"?", "", ""},
                        {"*", "*", ""}};
  for (const Case& each : cases) {
    Fixture f;
    const HttpCallerConnection caller = f.Connect(each.target);
    CAPTURE(each.target);
    CHECK(caller.head().path == each.path);
    CHECK(caller.head().query == each.query);
    CHECK(caller.head().method == "POST");
    CHECK(caller.head().client_address == "192.0.2.7:4711");
    CHECK(caller.head().headers == dialects::HeaderList{{"Host", "gateway"}, {"accept", "*/*"}});
  }
}

TEST_CASE("HttpCallerConnection: replies and their failures are passed on unchanged", "[edge]") {
  Fixture f;
  HttpCallerConnection caller = f.Connect("/");
  CHECK(absl::IsResourceExhausted(f.executor.Run(caller.ReadBody())->status()));
  CHECK(f.executor.Run(caller.ReadBody(7))->status().message() == "7");
  const call::ReplyHead head{429, {{"retry-after", "7"}, {"x-a", "1"}, {"x-a", "2"}}};
  CHECK(f.executor.Run(caller.Send(head, "body"))->ok());
  CHECK(f.exchange.response.status == 429);
  CHECK(f.exchange.response.headers.Get("retry-after") == "7");
  CHECK(f.exchange.response.headers.Count("x-a") == 2);
  CHECK(f.executor.Run(caller.Begin({200, {{"x-b", "3"}}}))->ok());
  CHECK(f.exchange.response.headers.Get("x-b") == "3");
  CHECK(f.executor.Run(caller.Write("piece"))->ok());
  CHECK(f.exchange.said == std::vector<std::string>{"body", "piece"});
  CHECK(absl::IsUnavailable(*f.executor.Run(caller.Finish({{"grpc-status", "0"}}))));
  CHECK(f.exchange.response.headers.Get("grpc-status") == "0");
}

TEST_CASE("HttpCallerConnection: the version of HTTP and pieces of the body are the exchange's",
          "[edge]") {
  Fixture f;
  CHECK(f.Connect("/").head().http_version == 1);
  f.exchange.request.version = 2;
  HttpCallerConnection caller = f.Connect("/");
  CHECK(caller.head().http_version == 2);
  CHECK(f.executor.Run(caller.ReadPiece(absl::Seconds(7)))->value() == "7s");
}

TEST_CASE("HttpCallerConnection: cancellation, executor and being verified are the exchange's",
          "[edge]") {
  Fixture f;
  HttpCallerConnection caller = f.Connect("/");
  CHECK(&caller.cancellation() == &f.exchange.cancellation());
  CHECK(caller.executor() == f.exchange.executor());
  caller.SetVerified();
  CHECK(f.exchange.verified);
}

}  // namespace
}  // namespace countersign::edge::http_transport
