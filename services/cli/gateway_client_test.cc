#include "services/cli/gateway_client.h"

#include <catch2/catch.hpp>

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

TEST_CASE("ConnectOverHttp: answered() is false before the first answer", "[cli]") {
  const auto client = ConnectOverHttp({"http://127.0.0.1:1", {}, ""});
  CHECK(client->url() == "http://127.0.0.1:1");
  CHECK_FALSE(client->answered());
  CHECK(absl::IsUnavailable(client->Call("authn.v1.IdentityService/WhoAmI", "{}").status()));
  CHECK_FALSE(client->answered());
}

}  // namespace countersign::cli
