#include "services/cli/gateway_client.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

#include "libs/http/testing/http_testing.h"

namespace countersign::cli {

TEST_CASE("ErrorFromAnswer: Connect's code and message are kept", "[cli]") {
  const absl::Status status =
      ErrorFromAnswer(404, R"({"code":"not_found","message":"there is no key"})");
  CHECK(status == absl::NotFoundError("there is no key"));
  CHECK(absl::IsUnavailable(ErrorFromAnswer(503, R"({"code":"unavailable","message":"x"})")));
  CHECK(absl::IsUnknown(ErrorFromAnswer(400, R"({"code":"a_newer_code","message":"x"})")));
}

TEST_CASE("ErrorFromAnswer: an OpenAI error is read, and 401 means the credential", "[cli]") {
  const char body[] = R"({"error":{"message":"invalid key","code":"invalid_credential"}})";
  CHECK(ErrorFromAnswer(401, body) == absl::UnauthenticatedError("invalid key"));
  CHECK(ErrorFromAnswer(400, body) == absl::UnknownError("invalid key"));
}

TEST_CASE("ErrorFromAnswer: a foreign response is reported, with what to check", "[cli]") {
  for (const char* body : {"", "<html>", "{}", "[]", R"({"error":"x"})", R"({"message":1})"}) {
    CHECK(ErrorFromAnswer(502, body) ==
          absl::UnknownError(
              "the answer is HTTP 502 and not one of a Countersign gateway; check --addr"));
  }
}

TEST_CASE("Unreachable: says what to do", "[cli]") {
  const auto said = [](absl::string_view url, absl::string_view reason) {
    return std::string(Unreachable(url, reason).message());
  };
  CHECK(said("http://h:1", "connection refused") ==
        "cannot reach the gateway at http://h:1 (connection refused); is it running there? name "
        "another with --addr or COUNTERSIGN_ADDR");
  CHECK_THAT(said("https://h:1", "the certificate of h is not accepted: self-signed certificate"),
             Catch::EndsWith("; trust it with --ca-file FILE: `up --tls-self-signed` says which"));
  CHECK_THAT(said("http://h:1", "the upstream closed the connection without an answer"),
             Catch::EndsWith("; if it serves TLS, its address is https://h:1"));
  CHECK_THAT(said("https://h:1", "TLS handshake with h failed: wrong version number"),
             Catch::EndsWith("; it serves no TLS: its address is http://h:1"));
}

TEST_CASE("ConnectOverHttp: answered() is false before the first answer", "[cli]") {
  const auto client = ConnectOverHttp({"http://127.0.0.1:1", {}, ""});
  CHECK(client->url() == "http://127.0.0.1:1");
  CHECK_FALSE(client->answered());
  CHECK(absl::IsUnavailable(client->Call("authn.v1.IdentityService/WhoAmI", "{}").status()));
  CHECK_FALSE(client->answered());
}

namespace {

// A gateway that answers as the test says.
struct ServedGateway {
  async::Awaitable<void> Answer(http::Exchange& exchange) {
    http::ResponseHead head;
    head.status = status;
    head.headers.Add("content-type", "application/json");
    const absl::StatusOr<std::string> body = co_await exchange.ReadBody();
    {
      const MutexLock lock(mutex);
      targets.push_back(exchange.head().target);
      bodies.push_back(body.ok() ? *body : "");
      authorization = std::string(exchange.head().headers.Get("authorization"));
      peers.insert(exchange.client_address());
    }
    (void)co_await exchange.Respond(std::move(head), answer);
  }

  int status = 200;
  std::string answer = "{}";
  Mutex mutex;
  std::vector<std::string> targets, bodies;
  std::string authorization;
  std::set<std::string> peers;
  http::testing::TestServer server{[this](http::Exchange& exchange) { return Answer(exchange); }};
};

TEST_CASE("ConnectOverHttp: posts JSON to the method with the token, over one connection",
          "[cli]") {
  ServedGateway gateway;
  gateway.answer = R"({"identity":"ann"})";
  const auto client =
      ConnectOverHttp({"http://" + gateway.server.address(), SecretString("a-token"), ""});
  for (int n = 0; n < 3; ++n) {
    const auto answer = client->Call("authn.v1.IdentityService/WhoAmI", R"({"n":1})");
    INFO(answer.status());
    REQUIRE(answer.ok());
    CHECK(answer->root()["identity"].text() == "ann");
  }
  CHECK(client->answered());
  const MutexLock lock(gateway.mutex);
  CHECK(gateway.targets ==
        std::vector<std::string>(3, "/countersign.authn.v1.IdentityService/WhoAmI"));
  CHECK(gateway.bodies == std::vector<std::string>(3, R"({"n":1})"));
  CHECK(gateway.authorization == "Bearer a-token");
}

TEST_CASE(
    "ConnectOverHttp: an error of the gateway is kept; without a token it says how to give one",
    "[cli]") {
  ServedGateway gateway;
  gateway.status = 401;
  gateway.answer = R"({"code":"unauthenticated","message":"the key was revoked"})";
  const std::string url = "http://" + gateway.server.address();
  CHECK(ConnectOverHttp({url, SecretString("old"), ""})->Call("a.v1.B/C", "{}").status() ==
        absl::UnauthenticatedError("the key was revoked"));
  const absl::Status anonymous = ConnectOverHttp({url, {}, ""})->Call("a.v1.B/C", "{}").status();
  CHECK(absl::IsUnauthenticated(anonymous));
  CHECK(anonymous.message().find("--token") != absl::string_view::npos);
}

TEST_CASE("ConnectOverHttp: a token or CA file that cannot be used is named, not the network",
          "[cli]") {
  ServedGateway gateway;
  const absl::Status token =
      ConnectOverHttp({"http://" + gateway.server.address(), SecretString("two\nlines"), ""})
          ->Call("a.v1.B/C", "{}")
          .status();
  CHECK(absl::IsInvalidArgument(token));
  CHECK(token.message().find("cannot reach") == absl::string_view::npos);
  CHECK(token.message().find("two") == absl::string_view::npos);
  const absl::Status ca =
      ConnectOverHttp({"https://" + gateway.server.address(), {}, "/nowhere/ca.pem"})
          ->Call("a.v1.B/C", "{}")
          .status();
  CHECK(absl::IsInvalidArgument(ca));
  CHECK(ca.message().find("/nowhere/ca.pem") != absl::string_view::npos);
  CHECK(ca.message().find("cannot reach") == absl::string_view::npos);
  const MutexLock lock(gateway.mutex);
  CHECK(gateway.targets.empty());
}

TEST_CASE("ConnectOverHttp: an answer that is not JSON is an error", "[cli]") {
  ServedGateway gateway;
  for (const char* const answer : {"", "<html>", "{\"a\":", "{\"a\":1,\"a\":2}", "\xff"}) {
    gateway.answer = answer;
    const auto client = ConnectOverHttp({"http://" + gateway.server.address(), {}, ""});
    CHECK_FALSE(client->Call("a.v1.B/C", "{}").ok());
    CHECK(client->answered());
  }
}

}  // namespace

}  // namespace countersign::cli
