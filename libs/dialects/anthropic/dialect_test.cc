#include "libs/dialects/anthropic/dialect.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/dialects/dialects.h"
#include "libs/json/document.h"

namespace countersign::dialects::anthropic {
namespace {

TEST_CASE("AnthropicDialect: errors have the API's types, the gateway's codes and the call's id",
          "[anthropic]") {
  CallerError error = MakeCallerError("review_denied", "no");
  error.review_id = "r1";
  error.request_id = "req_1";
  CHECK(AnthropicDialect().FormatError(error) ==
        R"({"type":"error","error":{"type":"permission_error","message":"no",)"
        R"("code":"review_denied","review_id":"r1"},"request_id":"req_1"})");
  const auto type = [](absl::string_view code) {
    const std::string body = AnthropicDialect().FormatError(MakeCallerError(code, ""));
    return std::string(json::Document::Parse(body)->root()["error"]["type"].text());
  };
  CHECK(type("invalid_request") == "invalid_request_error");
  CHECK(type("unauthenticated") == "authentication_error");
  CHECK(type("model_not_found") == "not_found_error");
  CHECK(type("payload_too_large") == "request_too_large");
  CHECK(type("too_many_reviews") == "rate_limit_error");
  CHECK(type("headers_too_large") == "invalid_request_error");
  CHECK(type("upstream_error") == "api_error");
  CHECK(type("unavailable") == "api_error");
  CHECK(type("upstream_timeout") == "timeout_error");
}

TEST_CASE("AnthropicDialect: an error in a stream is an event that clients raise", "[anthropic]") {
  const std::string event =
      AnthropicDialect().FormatErrorEvent(MakeCallerError("killed", "stopped"));
  CHECK(absl::StartsWith(event, "event: error\ndata: {\"type\":\"error\""));
  CHECK(absl::EndsWith(event, "\n\n"));
  CHECK_FALSE(AnthropicDialect().ErrorBodyToEvent(R"({"error":{"message":"x"}})").has_value());
}

TEST_CASE("AnthropicDialect: a stream is kept alive by a comment and a ping", "[anthropic]") {
  CHECK(AnthropicDialect().FormatKeepAlive() ==
        ": waiting\nevent: ping\ndata: {\"type\": \"ping\"}\n\n");
}

TEST_CASE("GuessDialect: errors before the connection is known have the API's form",
          "[anthropic]") {
  for (const char* path : {"/v1/messages", "/claude/v1/messages", "/v1/messages/count_tokens"}) {
    CHECK(GuessDialect(path).name() == "anthropic");
  }
  CHECK(GuessDialect("/v1/chat/completions").name() == "openai");
  CHECK(GuessDialect("/v1/messages-x").name() == "openai");
}

}  // namespace
}  // namespace countersign::dialects::anthropic
