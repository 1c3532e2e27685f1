// Streams of responses: how their pieces, copies and errors are delivered and recorded.

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/dialects/openai/testing/response_streams.h"
#include "services/edge/testing/call_fixture.h"

namespace countersign::edge::call::answer {
namespace {

using dialects::openai::testing::ResponseWriter;
using domain::Outcome;
using testing::CallFixture;
using testing::OneCall;

constexpr char kRequest[] = R"({"model":"gpt-5","input":"hi","stream":true})";
constexpr char kEventStream[] = "text/event-stream";

struct Responses : CallFixture {
  Responses() { decider.AllowAll("tier1"); }

  OneCall& Ask(const std::string& stream) {
    upstream.Answer(200, kEventStream, {stream});
    OneCall& call = NewCall(kRequest);
    call.caller.request().path = "/v1/responses";
    return call.Start();
  }
};

TEST_CASE("DeliverAnswer: copies of a response's text are masked, and their matches counted once",
          "[edge]") {
  Responses f;
  ResponseWriter writer;
  writer.Begin();
  writer.Message({"a SEC", "RET"});
  writer.Complete();
  OneCall& call = f.Ask(writer.bytes());
  CHECK(call.ended());
  CHECK(f.end().outcome == Outcome::kCompleted);
  CHECK(f.end().masked.at("secret") == 1);
  CHECK(f.end().input_tokens == 11);
  CHECK(f.end().output_tokens == 7);
  CHECK_FALSE(absl::StrContains(f.recorded(), "SECRET"));
  CHECK(f.recorded() == call.caller.body());
  CHECK(f.upstream.sent().front().head.method == "POST");
}

TEST_CASE("DeliverAnswer: a response that breaks off ends with its kind of error, numbered",
          "[edge]") {
  Responses f;
  ResponseWriter writer;
  writer.Begin();
  writer.Message({"a SEC"});
  OneCall& call = f.Ask(writer.bytes());
  CHECK(call.ended());
  CHECK(f.end().outcome == Outcome::kUpstreamError);
  // Eight events of the upstream, and one for the end of the text that was held: 0 to 8.
  CHECK(absl::StrContains(call.caller.body(), R"("sequence_number":9,"error":{)"));
  CHECK(absl::StrContains(call.caller.body(), "event: error\ndata: {\"type\":\"error\""));
  CHECK(call.code() == f.end().code);
}

}  // namespace
}  // namespace countersign::edge::call::answer
