#include "services/cli/login/saved_login.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <thread>

#include "services/cli/testing/fake_provider.h"
#include "services/cli/testing/run_verb.h"
#include "services/cli/user_files.h"

namespace countersign::cli::login {
namespace {

using Catch::Contains;

constexpr char kUrl[] = "https://gw.example";
constexpr char kToken[] = "https://i.example/token";
constexpr char kWhoAmI[] = "IdentityService/WhoAmI";

struct SavedLoginTest : VerbTest {
  void Save(const std::string& token, const std::string& refresh_token, absl::Time expires_at) {
    REQUIRE(WriteLogin(kUrl, {"corp",
                              "https://i.example",
                              "cli",
                              kToken,
                              false,
                              {SecretString(token), SecretString(refresh_token), expires_at}})
                .ok());
  }
  absl::StatusOr<SecretString> Use() { return UseLogin(fake.Session().call, kUrl, fake.clock); }

  FakeProvider fake;
};

TEST_CASE_METHOD(SavedLoginTest, "WriteLogin: only the user can read it, and ReadLogin does",
                 "[cli]") {
  CHECK(absl::IsNotFound(ReadLogin(kUrl).status()));
  Save("t", "r", fake.clock.Now());
  const auto login = ReadLogin(kUrl);
  REQUIRE(login.ok());
  CHECK(login->provider == "corp");
  CHECK(login->client_id == "cli");
  CHECK(login->tokens.token.Reveal() == "t");
  CHECK(login->tokens.expires_at == fake.clock.Now());
  using std::filesystem::perms;
  const auto mode = [](const std::filesystem::path& path) {
    return std::filesystem::status(path).permissions();
  };
  CHECK(mode(LoginPath(kUrl)) == (perms::owner_read | perms::owner_write));
  CHECK(mode(std::filesystem::path(LoginPath(kUrl)).parent_path()) == perms::owner_all);
  CHECK(absl::IsNotFound(ReadLogin("https://other.example").status()));
  CHECK(RemoveLogin(kUrl).value());
  CHECK_FALSE(RemoveLogin(kUrl).value());
}

TEST_CASE_METHOD(SavedLoginTest, "UseLogin: renews a token that is about to expire", "[cli]") {
  Save("old", "r1", fake.clock.Now() + absl::Minutes(1));
  CHECK(Use().value().Reveal() == "old");
  fake.clock.Advance(absl::Seconds(31));
  fake.Answer(kToken, 200, R"({"access_token":"new","expires_in":60})");
  CHECK(Use().value().Reveal() == "new");
  CHECK(Use().value().Reveal() == "new");
  REQUIRE(fake.posts.size() == 1);
  CHECK(fake.posts[0].second == FakeProvider::Form{{"client_id", "cli"},
                                                   {"grant_type", "refresh_token"},
                                                   {"refresh_token", "r1"}});
  // The provider gave no other, so this one still holds.
  CHECK(ReadLogin(kUrl)->tokens.refresh_token.Reveal() == "r1");
}

TEST_CASE_METHOD(SavedLoginTest, "UseLogin: several at once renew it once", "[cli]") {
  Save("old", "r1", fake.clock.Now());
  fake.Answer(kToken, 200, R"({"access_token":"new","refresh_token":"r2","expires_in":600})");
  std::vector<std::thread> users;
  std::vector<std::string> tokens(4);
  for (std::string& token : tokens) {
    users.emplace_back([this, &token] { token = Use().value().Reveal(); });
  }
  for (std::thread& user : users) user.join();
  CHECK(tokens == std::vector<std::string>(4, "new"));
  CHECK(fake.posts.size() == 1);
}

TEST_CASE_METHOD(SavedLoginTest, "UseLogin: a login that has ended says how to start one",
                 "[cli]") {
  SECTION("refused") {
    Save("old", "r1", fake.clock.Now());
    fake.Answer(kToken, 400, R"({"error":"invalid_grant","error_description":"session gone"})");
    CHECK_THAT(std::string(Use().status().message()),
               Contains("session gone") && Contains("countersign login --issuer corp"));
  }
  SECTION("cannot be renewed") {
    Save("old", "", fake.clock.Now());
    CHECK_THAT(std::string(Use().status().message()), Contains("its token has expired"));
  }
  SECTION("the provider is away") {
    Save("old", "r1", fake.clock.Now());
    CHECK(absl::IsUnavailable(Use().status()));
    CHECK(ReadLogin(kUrl).ok());
  }
}

TEST_CASE_METHOD(SavedLoginTest, "a login is used where nothing else gives a credential", "[cli]") {
  gateway.Answer(kWhoAmI, R"({"identity":"ann"})");
  Save("from-login", "r", fake.clock.Now() + absl::Hours(1));
  CHECK(Run({"--addr", kUrl, "whoami"}).status == 0);
  CHECK(gateway.address.token.Reveal() == "from-login");
  CHECK(gateway.address.from_login);
  CHECK(Run({"--addr", kUrl, "--token", "t", "whoami"}).status == 0);
  CHECK(gateway.address.token.Reveal() == "t");
  CHECK_FALSE(gateway.address.from_login);
  CHECK(Run({"--addr", "https://other.example", "whoami"}).status == 0);
  CHECK(gateway.address.token.empty());
  CHECK(Run({"--addr", kUrl, "logout"}).out == "logged out of https://gw.example\n");
  CHECK(Run({"--addr", kUrl, "logout"}).out == "there is no login at https://gw.example\n");
  Save("t", "r", fake.clock.Now());
  CHECK(WriteFile(LoginPath(kUrl), "{").ok());
  const RunResult broken = Run({"--addr", kUrl, "whoami"});
  CHECK(broken.status == 1);
  CHECK_THAT(broken.err, Contains("/logins/"));
  CHECK(Run({"--addr", kUrl, "logout"}).status == 0);
  CHECK(Run({"--addr", kUrl, "whoami"}).status == 0);
}

}  // namespace
}  // namespace countersign::cli::login
