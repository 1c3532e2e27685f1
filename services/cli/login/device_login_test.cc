#include "services/cli/login/device_login.h"

#include <catch2/catch.hpp>

#include "services/cli/testing/fake_provider.h"

namespace countersign::cli::login {
namespace {

using Catch::Contains;

constexpr char kDevice[] = "https://i.example/device";
constexpr char kToken[] = "https://i.example/token";
constexpr char kCode[] =
    R"({"device_code":"d c","user_code":"AB-CD","verification_uri":"https://i.example/go",)"
    R"("verification_uri_complete":"https://i.example/go?c=AB-CD","interval":2,"expires_in":60})";
constexpr char kPending[] = R"({"error":"authorization_pending"})";

struct DeviceTest {
  absl::StatusOr<GrantedTokens> LogIn(bool use_id_token = false) {
    LoginSession session = fake.Session();
    return LogInByDevice(session,
                         {"corp", "https://i.example", "cli", {"openid", "email"}, use_id_token},
                         {.device_authorization = kDevice, .token = kToken});
  }
  FakeProvider fake;
};

TEST_CASE_METHOD(DeviceTest, "LogInByDevice: the code is shown, then asked for until it is used",
                 "[cli]") {
  const absl::Time expires = fake.clock.Now() + absl::Minutes(5);
  fake.Answer(kDevice, 200, kCode);
  fake.Answer(kToken, 400, kPending);
  fake.Answer(kToken, 400, R"({"error":"slow_down"})");
  fake.Answer(kToken, 503, "");
  fake.Answer(kToken, 200,
              absl::StrCat(R"({"access_token":")", FakeProvider::Token(expires),
                           R"(","refresh_token":"r"})"));
  const auto granted = LogIn();
  REQUIRE(granted.ok());
  CHECK(granted->token.Reveal() == FakeProvider::Token(expires));
  CHECK(granted->refresh_token.Reveal() == "r");
  CHECK(granted->expires_at == expires);
  CHECK_THAT(fake.err.str(), Contains("https://i.example/go and enter the code AB-CD") &&
                                 Contains("https://i.example/go?c=AB-CD"));
  // slow_down adds five seconds for good.
  CHECK(fake.sleeps == std::vector<absl::Duration>{absl::Seconds(2), absl::Seconds(2),
                                                   absl::Seconds(7), absl::Seconds(7)});
  REQUIRE(fake.posts.size() == 5);
  CHECK(fake.posts[0].second ==
        FakeProvider::Form{{"client_id", "cli"}, {"scope", "openid email"}});
  CHECK(fake.posts[1].second ==
        FakeProvider::Form{{"client_id", "cli"},
                           {"device_code", "d c"},
                           {"grant_type", "urn:ietf:params:oauth:grant-type:device_code"}});
}

TEST_CASE_METHOD(DeviceTest, "LogInByDevice: calls carry the ID token where the provider says so",
                 "[cli]") {
  fake.Answer(kDevice, 200, kCode);
  fake.Answer(kToken, 200, R"({"access_token":"opaque","id_token":"i.d.t","expires_in":90})");
  const auto granted = LogIn(true);
  REQUIRE(granted.ok());
  CHECK(granted->token.Reveal() == "i.d.t");
  CHECK(granted->expires_at == fake.clock.Now() + absl::Seconds(90));
}

TEST_CASE_METHOD(DeviceTest, "LogInByDevice: refusals end it", "[cli]") {
  fake.Answer(kDevice, 200, kCode);
  SECTION("the user said no") {
    fake.Answer(kToken, 400, R"({"error":"access_denied","error_description":"by rosa"})");
    CHECK_THAT(std::string(LogIn().status().message()), Contains("access_denied: by rosa"));
    CHECK(fake.posts.size() == 2);
  }
  SECTION("nobody came") {
    fake.Answer(kToken, 400, kPending);
    CHECK_THAT(std::string(LogIn().status().message()), Contains("the code has expired"));
    CHECK(fake.posts.size() == 31);
  }
  SECTION("an answer without a token") {
    fake.Answer(kToken, 200, R"({"access_token":"a"})");
    CHECK_THAT(std::string(LogIn(true).status().message()), Contains("add openid"));
  }
  SECTION("an answer that is none") {
    fake.Answer(kToken, 200, "<html>");
    CHECK_THAT(std::string(LogIn().status().message()), Contains(kToken));
  }
}

TEST_CASE_METHOD(DeviceTest, "LogInByDevice: a provider without the device flow", "[cli]") {
  fake.Answer(kDevice, 401, R"({"error":"invalid_client"})");
  CHECK_THAT(std::string(LogIn().status().message()), Contains("invalid_client"));
  LoginSession session = fake.Session();
  CHECK_THAT(std::string(LogInByDevice(session, {"corp"}, {.token = kToken}).status().message()),
             Contains("use --browser"));
}

}  // namespace
}  // namespace countersign::cli::login
