#include "services/cli/login/login_provider.h"

#include <catch2/catch.hpp>

#include "libs/command_line/usage.h"
#include "services/cli/testing/fake_provider.h"

namespace countersign::cli::login {
namespace {

using Catch::Contains;

constexpr char kList[] = "http://gw:1/.well-known/countersign-login";
constexpr char kDiscovery[] = "https://i.example/.well-known/openid-configuration";

std::string Message(const absl::Status& status) { return std::string(status.message()); }

TEST_CASE("ListLoginProviders: what the gateway says", "[cli]") {
  FakeProvider fake;
  const HttpCall call = fake.Session().call;
  CHECK_THAT(Message(ListLoginProviders(call, "http://gw:1").status()),
             Contains("cannot reach the gateway at http://gw:1"));
  fake.Answer(kList, 404, "nothing");
  CHECK_THAT(Message(ListLoginProviders(call, "http://gw:1").status()), Contains("check --addr"));
  fake.Answer(kList, 200,
              R"({"providers":[{"name":"corp","issuer":"https://i.example","clientId":"cli",)"
              R"("scopes":["openid"],"token":"idToken"}]})");
  (void)ListLoginProviders(call, "http://gw:1");  // the second 404
  const auto providers = ListLoginProviders(call, "http://gw:1");
  REQUIRE(providers.ok());
  REQUIRE(providers->size() == 1);
  CHECK(providers->front().client_id == "cli");
  CHECK(providers->front().scopes == std::vector<std::string>{"openid"});
  CHECK(providers->front().use_id_token);
}

TEST_CASE("ChooseProvider: by name, or the only one", "[cli]") {
  const LoginProvider corp{"corp"};
  const LoginProvider partners{"partners"};
  CHECK(ChooseProvider({corp}, "").value().name == "corp");
  CHECK(ChooseProvider({corp, partners}, "partners").value().name == "partners");
  const absl::Status unclear = ChooseProvider({corp, partners}, "").status();
  CHECK(command_line::IsMisuse(unclear));
  CHECK_THAT(Message(unclear), Contains("corp, partners"));
  CHECK_THAT(Message(ChooseProvider({corp, partners}, "corps").status()),
             Contains("did you mean corp?"));
  CHECK_THAT(Message(ChooseProvider({corp}, "x").status()), Contains("there is corp"));
  CHECK_THAT(Message(ChooseProvider({}, "").status()), Contains("no IdentityProvider has"));
}

TEST_CASE("DiscoverEndpoints: of the issuer that was asked, and safe to send tokens to", "[cli]") {
  FakeProvider fake;
  const HttpCall call = fake.Session().call;
  const auto discover = [&](const std::string& document) {
    FakeProvider provider;
    provider.Answer(kDiscovery, 200, document);
    return DiscoverEndpoints(provider.Session().call, "https://i.example");
  };
  const auto endpoints = discover(
      R"({"issuer":"https://i.example","authorization_endpoint":"https://i.example/a?t=1",)"
      R"("token_endpoint":"https://i.example/t"})");
  REQUIRE(endpoints.ok());
  CHECK(endpoints->authorization == "https://i.example/a?t=1");
  CHECK(endpoints->device_authorization.empty());
  CHECK(endpoints->token == "https://i.example/t");
  CHECK_THAT(Message(discover(R"({"issuer":"https://evil.example"})").status()),
             Contains("https://evil.example"));
  CHECK_THAT(Message(discover(R"({"issuer":"https://i.example"})").status()),
             Contains("no token_endpoint"));
  CHECK_THAT(
      Message(discover(R"({"issuer":"https://i.example","token_endpoint":"http://i.example/t"})")
                  .status()),
      Contains("token_endpoint"));
  CHECK_THAT(Message(discover("<html>").status()), Contains(kDiscovery));
  CHECK(absl::IsInvalidArgument(DiscoverEndpoints(call, "http://i.example").status()));
  CHECK(absl::IsUnavailable(DiscoverEndpoints(call, "https://away.example").status()));
}

}  // namespace
}  // namespace countersign::cli::login
