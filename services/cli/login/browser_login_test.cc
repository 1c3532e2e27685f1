#include "services/cli/login/browser_login.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <thread>

#include "absl/strings/numbers.h"
#include "libs/crypto/hash.h"
#include "services/cli/testing/fake_provider.h"

namespace countersign::cli::login {
namespace {

using Catch::Contains;

constexpr char kToken[] = "https://i.example/token";

// What a browser gets for `target` at the redirect URI's host; it may also send nothing.
std::string Visit(const std::string& redirect_uri, const std::string& request) {
  int port = 0;
  REQUIRE(absl::SimpleAtoi(redirect_uri.substr(17, redirect_uri.find('/', 17) - 17), &port));
  const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(connect(client, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  REQUIRE(send(client, request.data(), request.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(request.size()));
  shutdown(client, SHUT_WR);
  std::string answer(4096, '\0');
  std::size_t size = 0;
  for (ssize_t got = 1; got > 0; size += static_cast<std::size_t>(got)) {
    got = recv(client, answer.data() + size, answer.size() - size, 0);
    if (got < 0) break;
  }
  close(client);
  answer.resize(size);
  return answer;
}

std::string MakeGet(const std::string& target) {
  return absl::StrCat("GET ", target, " HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");
}

// A browser in another thread, which the provider sends back with `answer(state)`.
struct BrowserTest {
  absl::StatusOr<GrantedTokens> LogIn(const std::function<std::string(std::string)>& answer) {
    std::thread browser;
    fake.open_browser = [&](const std::string& url) {
      asked = *DecodeUrlForm(url.substr(url.find('?') + 1));
      browser = std::thread([this, answer] {
        seen = Visit(asked["redirect_uri"], MakeGet("/favicon.ico"));
        Visit(asked["redirect_uri"], "");
        page = Visit(asked["redirect_uri"],
                     MakeGet(absl::StrCat("/callback?", answer(asked["state"]))));
      });
    };
    LoginSession session = fake.Session();
    auto granted = LogInByBrowser(session, {"corp", "https://i.example", "cli", {"openid"}},
                                  {.authorization = "https://i.example/auth?x=1", .token = kToken});
    browser.join();
    return granted;
  }
  FakeProvider fake;
  FakeProvider::Form asked;
  std::string seen;
  std::string page;
};

TEST_CASE_METHOD(BrowserTest, "LogInByBrowser: the code is exchanged with its verifier", "[cli]") {
  fake.Answer(kToken, 200, R"({"access_token":"a.b.c","expires_in":60})");
  const auto granted = LogIn([](const std::string& state) {
    return "code=c%2Fd&iss=https%3A%2F%2Fi.example&state=" + state;
  });
  REQUIRE(granted.ok());
  CHECK(granted->token.Reveal() == "a.b.c");
  CHECK_THAT(fake.err.str(), Contains("https://i.example/auth?x=1&response_type=code"));
  CHECK(asked["client_id"] == "cli");
  CHECK(asked["code_challenge_method"] == "S256");
  REQUIRE(fake.posts.size() == 1);
  FakeProvider::Form& form = fake.posts[0].second;
  CHECK(form["code"] == "c/d");
  CHECK(form["redirect_uri"] == asked["redirect_uri"]);
  CHECK(Base64UrlEncode(crypto::Sha256(form["code_verifier"])) == asked["code_challenge"]);
  CHECK_THAT(seen, Catch::StartsWith("HTTP/1.1 404"));
  CHECK_THAT(page, Catch::StartsWith("HTTP/1.1 200") && Contains("Back to the terminal"));
}

TEST_CASE_METHOD(BrowserTest, "LogInByBrowser: answers that are not for this sign-in", "[cli]") {
  const auto refuse = [&](const std::function<std::string(std::string)>& answer) {
    const auto granted = LogIn(answer);
    CHECK(absl::IsUnauthenticated(granted.status()));
    CHECK(fake.posts.empty());
    return std::string(granted.status().message());
  };
  CHECK_THAT(refuse([](const std::string&) { return "code=c&state=other"; }),
             Contains("another sign-in"));
  CHECK_THAT(refuse([](const std::string&) { return "code=c"; }), Contains("another sign-in"));
  CHECK_THAT(refuse([](const std::string& state) {
               return "code=c&iss=https%3A%2F%2Fevil.example&state=" + state;
             }),
             Contains("https://evil.example"));
  CHECK_THAT(refuse([](const std::string& state) { return "error=access_denied&state=" + state; }),
             Contains("access_denied"));
  CHECK_THAT(refuse([](const std::string& state) { return "code=c&code=d&state=" + state; }),
             Contains("cannot be read"));
  CHECK_THAT(refuse([](const std::string& state) { return "state=" + state; }),
             Contains("no code"));
}

TEST_CASE_METHOD(BrowserTest, "LogInByBrowser: a provider without a page", "[cli]") {
  LoginSession session = fake.Session();
  CHECK_THAT(std::string(LogInByBrowser(session, {"corp"}, {.token = kToken}).status().message()),
             Contains("leave out --browser"));
}

}  // namespace
}  // namespace countersign::cli::login
