// Tests of BlocksDialect itself; chunking_property_test.cc tests what all dialects have in
// common.

#include "libs/dialects/testing/blocks_dialect.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/dialects/testing/pass_pieces.h"

namespace countersign::dialects::testing {
namespace {

const AnswerHead kStream{200, "text/event-stream"};

std::string Delta(absl::string_view text) {
  return absl::StrCat(
      "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
      "\"delta\":{\"type\":\"text_delta\",\"text\":\"",
      text, "\"}}\n\n");
}
const std::string kStop = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

absl::StatusOr<std::string> PassStream(const std::string& stream, AnswerOptions options = {},
                                       Usage* usage = nullptr) {
  const auto reader = BlocksDialect().OpenAnswer(ReadCall(), kStream, options);
  auto passed = PassPieces(*reader, {stream});
  if (usage != nullptr) *usage = reader->usage();
  return passed;
}

TEST_CASE("EventStreamAnswer: a final marker of JSON ends the stream, masked", "[dialects]") {
  CHECK(PassStream(Delta("a SEC") + Delta("RET") + kStop + Delta("late")).value() ==
        Delta("a ") + Delta("<S>") + kStop);
  CHECK(PassStream("data: {\"type\":\"message_stop\",\"text\":\"SECRET\"}\n\n").value() ==
        "data: {\"type\":\"message_stop\",\"text\":\"<S>\"}\n\n");
}

TEST_CASE("EventStreamAnswer: held text is sent in an event with the dialect's name and type",
          "[dialects]") {
  CHECK(PassStream(Delta("x SE") + kStop).value() == Delta("x ") + Delta("SE") + kStop);
}

TEST_CASE("EventStreamAnswer: without masking the final marker is still found", "[dialects]") {
  AnswerOptions options;
  options.masked = false;
  const std::string stream = Delta("SECRET") + kStop;
  CHECK(PassStream(stream, options).value() == stream);
  CHECK(absl::IsUnavailable(PassStream(Delta("SECRET"), options).status()));
}

TEST_CASE("EventStreamAnswer: usage is added up over several events", "[dialects]") {
  Usage usage;
  const std::string stream =
      "data: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":5}}}\n\n"
      "data: {\"type\":\"message_delta\",\"usage\":{\"output_tokens\":7}}\n\n" +
      kStop;
  CHECK(PassStream(stream, {}, &usage).value() == stream);
  CHECK(usage.input_tokens == 5);
  CHECK(usage.output_tokens == 7);
}

TEST_CASE("EventStreamAnswer: a block that has ended cannot continue", "[dialects]") {
  const std::string end = "data: {\"type\":\"content_block_stop\",\"index\":0}\n\n";
  CHECK(absl::IsUnavailable(PassStream(Delta("SEC") + end + Delta("RET") + kStop).status()));
}

TEST_CASE("EventStreamAnswer: pieces at an unknown place after the end of a block are one text",
          "[dialects]") {
  const auto ping = [](absl::string_view text) {
    return absl::StrCat("event: ping\ndata: {\"type\":\"ping\",\"index\":0,\"odd\":\"", text,
                        "\"}\n\n");
  };
  const std::string end = "data: {\"type\":\"content_block_stop\",\"index\":0}\n\n";
  for (const std::string& stream :
       {Delta("x") + end + ping("a SE") + ping("CR") + ping("ET b") + kStop,
        Delta("x") + ping("a SE") + ping("CR") + end + end + ping("ET b") + kStop}) {
    const std::string caller = PassStream(stream).value();
    CAPTURE(caller);
    CHECK(absl::StrContains(caller, "<S> b"));
    CHECK(!absl::StrContains(caller, "CR"));
    CHECK(!absl::StrContains(caller, "ET"));
  }
  CHECK(absl::StrContains(PassStream(Delta("x") + end + ping("a SE") + kStop).value(), "a SE"));
}

TEST_CASE("EventStreamAnswer: an unknown event is refused if the profile says so", "[dialects]") {
  AnswerOptions refuse;
  refuse.unknown_events = domain::UnknownEvents::kRefuse;
  const std::string odd = "data: {\"odd\":\"SECRET\"}\n\n";
  CHECK(GetReason(PassStream(odd + kStop, refuse).status()) == kUnknownEvent);
  CHECK(PassStream(odd + kStop).value() == "data: {\"odd\":\"<S>\"}\n\n" + kStop);
}

TEST_CASE("DocumentAnswer: a body of the second dialect is masked in every string", "[dialects]") {
  const auto reader =
      BlocksDialect().OpenAnswer(ReadCall(), AnswerHead{200, "application/json"}, AnswerOptions());
  CHECK(PassPieces(*reader, {R"({"type":"message","content":[{"type":"text","text":"a SEC)",
                             R"(RET"}],"usage":{"input_tokens":1,"output_tokens":2}})"})
            .value() == R"({"type":"message","content":[{"type":"text","text":"a <S>"}],)"
                        R"("usage":{"input_tokens":1,"output_tokens":2}})");
  CHECK(reader->usage().output_tokens == 2);
}

TEST_CASE("BlocksDialect: a keep-alive is an event of its own", "[dialects]") {
  CHECK(BlocksDialect().FormatKeepAlive() == "event: ping\ndata: {\"type\":\"ping\"}\n\n");
}

}  // namespace
}  // namespace countersign::dialects::testing
