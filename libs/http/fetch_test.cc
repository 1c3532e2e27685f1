#include "libs/http/fetch.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/async/sleep.h"
#include "libs/http/testing/http_testing.h"
#include "libs/http/testing/test_certificate.h"

namespace countersign::http {
namespace {

using testing::Signal;
using testing::TestServer;

absl::StatusOr<FetchResponse> Await(Fetcher& fetcher, FetchRequest request) {
  std::promise<absl::StatusOr<FetchResponse>> promise;
  fetcher.Fetch(std::move(request), [&](absl::StatusOr<FetchResponse> result) {
    promise.set_value(std::move(result));
  });
  return promise.get_future().get();
}

FetchRequest Get(const std::string& url) {
  FetchRequest request;
  request.url = url;
  return request;
}

// Answers what it received, as "METHOD target\nname: value\n…\n\nbody".
async::Awaitable<void> Echo(Exchange& exchange) {
  const absl::StatusOr<std::string> body = co_await exchange.ReadBody();
  std::string text = absl::StrCat(exchange.head().method, " ", exchange.head().target, "\n");
  for (const auto& [name, value] : exchange.head().headers) {
    absl::StrAppend(&text, name, ": ", value, "\n");
  }
  absl::StrAppend(&text, "\n", body.ok() ? *body : "");
  (void)co_await exchange.Respond(ResponseHead(), text);
}

TEST_CASE("Fetch: returns a document with any status", "[http]") {
  TestServer server([](Exchange& exchange) -> async::Awaitable<void> {
    ResponseHead head;
    head.status = exchange.head().target == "/missing" ? 404 : 200;
    head.headers.Add("content-type", "application/json");
    head.headers.Add("cache-control", "max-age=60");
    (void)co_await exchange.Respond(std::move(head), std::string(2000, 'x'));
  });
  Fetcher fetcher;
  const absl::StatusOr<FetchResponse> found =
      Await(fetcher, Get(absl::StrCat("http://", server.address(), "/")));
  REQUIRE(found.ok());
  CHECK(found->status == 200);
  CHECK(found->content_type == "application/json");
  CHECK(found->cache_control == "max-age=60");
  CHECK(found->body == std::string(2000, 'x'));
  CHECK(Await(fetcher, Get(absl::StrCat("http://", server.address(), "/missing")))->status == 404);
}

TEST_CASE("Fetch: a body may have max_bytes and no more, with or without a content-length",
          "[http]") {
  TestServer server([](Exchange& exchange) -> async::Awaitable<void> {
    if (exchange.head().target == "/known") {
      (void)co_await exchange.Respond(ResponseHead(), std::string(2000, 'x'));
      co_return;
    }
    (void)co_await exchange.Begin(ResponseHead());
    for (int i = 0; i < 20; ++i) (void)co_await exchange.Write(std::string(100, 'x'));
    (void)co_await exchange.Finish();
  });
  Fetcher fetcher;
  for (const char* path : {"/known", "/chunked"}) {
    INFO(path);
    FetchRequest request = Get(absl::StrCat("http://", server.address(), path));
    request.max_bytes = 2000;
    CHECK(Await(fetcher, request)->body.size() == 2000);
    request.max_bytes = 1999;
    CHECK(absl::IsResourceExhausted(Await(fetcher, request).status()));
  }
}

TEST_CASE("Fetch: sends method, path, query, headers and body", "[http]") {
  TestServer server(Echo);
  Fetcher fetcher;
  FetchRequest request = Get(absl::StrCat("http://", server.address(), "/hook/x?a=1&b=%20"));
  request.method = "POST";
  request.headers = {{"content-type", "application/json"}, {"x-signature", "abc"}};
  request.body = "{\"event\":1}";
  const std::string seen = Await(fetcher, request)->body;
  INFO(seen);
  CHECK(absl::StartsWith(seen, "POST /hook/x?a=1&b=%20\n"));
  CHECK(absl::StrContains(seen, "\ncontent-type: application/json\n"));
  CHECK(absl::StrContains(seen, "\nx-signature: abc\n"));
  CHECK(absl::StrContains(seen, "\naccept-encoding: identity\n"));
  CHECK(absl::StrContains(seen, absl::StrCat("\nhost: ", server.address(), "\n")));
  CHECK(absl::EndsWith(seen, "\n\n{\"event\":1}"));
  CHECK(absl::StartsWith(Await(fetcher, Get(absl::StrCat("http://", server.address())))->body,
                         "GET /\n"));
}

TEST_CASE("Fetch: a redirect is returned and not followed", "[http]") {
  std::atomic<int> requests{0};
  TestServer server([&](Exchange& exchange) -> async::Awaitable<void> {
    ++requests;
    ResponseHead head;
    head.status = 302;
    head.headers.Add("location", "/elsewhere");
    (void)co_await exchange.Respond(std::move(head), "moved");
  });
  Fetcher fetcher;
  const auto response = Await(fetcher, Get(absl::StrCat("http://", server.address(), "/")));
  REQUIRE(response.ok());
  CHECK(response->status == 302);
  CHECK(response->body == "moved");
  CHECK(requests == 1);
}

TEST_CASE("Fetch: an error has the URL and the cause", "[http]") {
  Fetcher fetcher;
  for (const char* url : {"", "idp.example/keys", "ftp://127.0.0.1/", "http://user@127.0.0.1/",
                          "http://127.0.0.1:0x50/", "http://127.0.0.1/#part"}) {
    INFO(url);
    const absl::Status status = Await(fetcher, Get(url)).status();
    CHECK(absl::IsInvalidArgument(status));
    CHECK(absl::StartsWith(status.message(), absl::StrCat("fetching ", url)));
  }
  const absl::Status forbidden = Await(fetcher, Get("http://169.254.169.254/latest")).status();
  CHECK(absl::IsPermissionDenied(forbidden));
  CHECK(absl::StartsWith(forbidden.message(), "fetching http://169.254.169.254/latest"));
  FetchRequest injected = Get("http://127.0.0.1:9/");
  injected.headers = {{"x", "1\r\ny: 2"}};
  CHECK(absl::IsInvalidArgument(Await(fetcher, injected).status()));
}

TEST_CASE("Fetch: the whole exchange has one time limit", "[http]") {
  // Each piece arrives in time, the body as a whole never does.
  TestServer server([](Exchange& exchange) -> async::Awaitable<void> {
    (void)co_await exchange.Begin(ResponseHead());
    while ((co_await exchange.Write("x")).ok()) {
      co_await async::Sleep(exchange.executor(), absl::Milliseconds(5), exchange.cancellation());
    }
  });
  Fetcher fetcher;
  FetchRequest request = Get(absl::StrCat("http://", server.address(), "/"));
  request.timeout = absl::Milliseconds(100);
  CHECK(absl::IsDeadlineExceeded(Await(fetcher, request).status()));
}

TEST_CASE("Fetch: a body that breaks off is UNAVAILABLE", "[http]") {
  TestServer server([](Exchange& exchange) -> async::Awaitable<void> {
    (void)co_await exchange.Begin(ResponseHead());
    (void)co_await exchange.Write("half");
  });
  Fetcher fetcher;
  CHECK(absl::IsUnavailable(
      Await(fetcher, Get(absl::StrCat("http://", server.address(), "/"))).status()));
}

TEST_CASE("Fetch: https trusts the CA file only, and a CA file that cannot be read is named",
          "[http]") {
  const testing::TestCertificate certificate("IP:127.0.0.1");
  TestServer server(
      Echo, {},
      security::ServerTls(certificate.certificate_file(), certificate.key_file()).value());
  const std::string url = absl::StrCat("https://", server.address(), "/");
  Fetcher trusting(Fetcher::Options{certificate.certificate_file()});
  CHECK(Await(trusting, Get(url)).ok());
  Fetcher with_system_cas;
  CHECK(absl::IsUnavailable(Await(with_system_cas, Get(url)).status()));
  Fetcher broken(Fetcher::Options{"/nowhere/ca.pem"});
  const absl::Status status = Await(broken, Get(url)).status();
  CHECK(absl::IsInvalidArgument(status));
  CHECK(absl::StrContains(status.message(), "/nowhere/ca.pem"));
  TestServer plain(Echo);  // http needs no CA
  CHECK(Await(broken, Get(absl::StrCat("http://", plain.address(), "/"))).ok());
}

TEST_CASE("Fetch: fetches of many threads are each answered once", "[http]") {
  TestServer server(Echo);
  std::atomic<int> answers{0}, right{0};
  {
    Fetcher fetcher;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 10; ++i) {
          const std::string path = absl::StrCat("/", t, "/", i);
          fetcher.Fetch(Get(absl::StrCat("http://", server.address(), path)),
                        [&, path](absl::StatusOr<FetchResponse> response) {
                          ++answers;
                          right +=
                              response.ok() && absl::StartsWith(response->body,
                                                                absl::StrCat("GET ", path, "\n"))
                                  ? 1
                                  : 0;
                        });
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    while (answers < 40) std::this_thread::yield();
  }
  CHECK(answers == 40);
  CHECK(right == 40);
}

TEST_CASE("Fetch: one that is outstanding when the fetcher closes is CANCELLED", "[http]") {
  Signal arrived;
  TestServer server([&](Exchange& exchange) -> async::Awaitable<void> {
    arrived.Set();
    co_await async::UntilCancelled(exchange.executor(), exchange.cancellation());
  });
  absl::Status status;
  {
    Fetcher fetcher;
    fetcher.Fetch(Get(absl::StrCat("http://", server.address(), "/")),
                  [&](absl::StatusOr<FetchResponse> result) { status = result.status(); });
    REQUIRE(arrived.Wait());
  }
  CHECK(absl::IsCancelled(status));
}

}  // namespace
}  // namespace countersign::http
