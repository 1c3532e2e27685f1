#include "libs/dialects/openai/responses/error_event.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "libs/dialects/openai/dialect.h"

namespace countersign::dialects::openai::responses {
namespace {

TEST_CASE("WriteErrorEvent: has the members of the documentation, and those that SDKs raise",
          "[dialects]") {
  CHECK(WriteErrorEvent(MakeCallerError("upstream_error", "no \"model\""), 7) ==
        "event: error\n"
        R"(data: {"type":"error","code":"upstream_error","message":"no \"model\"","param":null,)"
        R"("sequence_number":7,"error":{"message":"no \"model\"","type":"server_error",)"
        R"("param":null,"code":"upstream_error"}})"
        "\n\n");
}

TEST_CASE("WriteErrorEvent: an upstream's error becomes an event, other bodies do not",
          "[dialects]") {
  CHECK(*WriteErrorEvent(R"({"error":{"message":"m","code":null,"param":"p"}})", 0) ==
        "event: error\n"
        R"(data: {"type":"error","code":"upstream_error","message":"m","param":"p",)"
        R"("sequence_number":0,"error":{"message":"m","code":null,"param":"p"}})"
        "\n\n");
  CHECK(absl::StrContains(*WriteErrorEvent(R"({"error":"lost"})", 0), R"("message":"lost")"));
  for (const char* body : {"", "x", "{}", R"({"error":null})", "[1]"}) {
    CHECK_FALSE(WriteErrorEvent(body, 0).has_value());
  }
}

TEST_CASE("OpenAiDialect: only streams of responses end with their kind of error", "[dialects]") {
  const OpenAiDialect dialect;
  const CallerError error = MakeCallerError("killed", "x");
  CHECK(dialect.WriteErrorEvent(error, StreamPlace{"chat.completions", 3}) ==
        dialect.FormatErrorEvent(error));
  CHECK(dialect.WriteErrorEvent(error, StreamPlace{"responses.get", 3}) ==
        WriteErrorEvent(error, 3));
}

}  // namespace
}  // namespace countersign::dialects::openai::responses
