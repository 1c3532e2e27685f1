// How streams end: finish reasons that servers give in unusual places, streams without their final
// marker, and JSON that parsers read in different ways.

#include <catch2/catch.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/dialects/openai/stream_answer.h"
#include "libs/dialects/testing/literal_masking.h"
#include "libs/json/document.h"

namespace countersign::dialects::openai {
namespace {

// A stream and what its caller has got.
struct Caller {
  explicit Caller(StreamAnswer::Options options = {}) : answer(options) {}

  absl::Status Take(absl::StatusOr<std::vector<domain::FieldPiece>> pieces) {
    if (!pieces.ok()) return pieces.status();
    const absl::StatusOr<std::vector<Delivery>> deliveries = answer.Release(masking.Apply(*pieces));
    if (!deliveries.ok()) return deliveries.status();
    for (const Delivery& delivery : *deliveries) {
      CHECK_FALSE(completed);  // nothing follows the final marker
      bytes += delivery.bytes;
      completed = delivery.is_final;
    }
    return absl::OkStatus();
  }
  absl::Status Feed(absl::string_view more) { return Take(answer.Feed(more)); }
  absl::Status Finish() { return Take(answer.Finish()); }

  StreamAnswer answer;
  testing::LiteralMasking masking;
  std::string bytes;
  bool completed = false;
};

// The caller's bytes of a stream that ends cleanly after these events.
absl::StatusOr<std::string> Pass(const std::vector<std::string>& events,
                                 StreamAnswer::Options options = {}) {
  Caller caller(options);
  for (const std::string& event : events) {
    const absl::Status fed = caller.Feed(event);
    if (!fed.ok()) return fed;
  }
  const absl::Status finished = caller.Finish();
  if (!finished.ok()) return finished;
  CHECK(caller.completed);
  return caller.bytes;
}

std::string Event(absl::string_view choices) {
  return absl::StrCat("data: {\"id\":\"c-1\",\"choices\":[", choices, "]}\n\n");
}
std::string Choice(int index, absl::string_view delta, absl::string_view reason) {
  return absl::StrCat("{\"index\":", index, ",\"delta\":", delta, ",\"finish_reason\":", reason,
                      "}");
}
std::string Content(absl::string_view text, absl::string_view reason = "null", int index = 0) {
  return Event(Choice(index, absl::StrCat("{\"content\":\"", text, "\"}"), reason));
}
std::string Finished(int index = 0) { return Event(Choice(index, "{}", "\"stop\"")); }
const std::string kDone = "data: [DONE]\n\n";

TEST_CASE("StreamAnswer: an empty finish reason does not finish", "[dialects]") {
  const std::vector<std::string> events = {Content("a SEC", "\"\""), Content("RET b", "\"\""),
                                           Content(" c", "\"stop\""), kDone};
  CHECK(Pass(events).value() == absl::StrCat(Content("a ", "\"\""), Content("<S> b", "\"\""),
                                             Content(" c", "\"stop\""), kDone));
}

TEST_CASE("StreamAnswer: a finish reason in every event ends no text", "[dialects]") {
  const std::vector<std::string> events = {Content("a SEC", "\"stop\""),
                                           Content("RET b SE", "\"stop\""),
                                           Content("CR", "\"stop\""), kDone};
  CHECK(Pass(events).value() == absl::StrCat(Content("a ", "\"stop\""),
                                             Content("<S> b ", "\"stop\""),
                                             Content("SECR", "\"stop\""), kDone));
}

TEST_CASE("StreamAnswer: text after a finish reason is one text with the text before",
          "[dialects]") {
  for (const std::string& finished : {Finished(), Content("", "\"length\"")}) {
    const std::string caller = Pass({Content("SEC"), finished, Content("RET b"), kDone}).value();
    CHECK(caller == absl::StrCat(finished, Content("<S> b"), kDone));
  }
}

TEST_CASE("StreamAnswer: an event that finishes a choice waits only while text is held",
          "[dialects]") {
  Caller caller;
  REQUIRE(caller.Feed(Content("done.") + Finished()).ok());
  CHECK(caller.bytes == Content("done.") + Finished());
  REQUIRE(caller.Feed(Content("a SEC", "null", 1) + Finished(1)).ok());
  CHECK(caller.bytes == Content("done.") + Finished() + Content("a ", "null", 1));
  // Other choices do not wait for it.
  REQUIRE(caller.Feed(Content("b", "null", 2)).ok());
  CHECK(absl::EndsWith(caller.bytes, Content("b", "null", 2)));
  const std::size_t before = caller.bytes.size();
  REQUIRE(caller.Feed(kDone).ok());
  CHECK(caller.bytes.substr(before) == Content("SEC", "null", 1) + Finished(1) + kDone);
}

TEST_CASE("StreamAnswer: a picture beside a text that is held is sent", "[dialects]") {
  const std::string url = absl::StrCat(
      "data:image/png;base64,", absl::Base64Escape("\x89PNG\r\n\x1a\n" + std::string(64, '\1')));
  const auto event = [&](absl::string_view content) {
    return Event(Choice(0,
                        absl::StrCat("{\"content\":\"", content,
                                     "\",\"images\":[{\"image_url\":{\"url\":\"", url, "\"}}]}"),
                        "null"));
  };
  CHECK(Pass({event("SEC"), Content("RET b"), Finished(), kDone}).value() ==
        absl::StrCat(event(""), Content("<S> b"), Finished(), kDone));
}

TEST_CASE("StreamAnswer: the usage comes after the events that wait", "[dialects]") {
  const std::string usage =
      "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\n";
  CHECK(Pass({Content("SEC"), Finished(), usage, kDone}).value() ==
        absl::StrCat(Content("SEC"), Finished(), usage, kDone));
  CHECK(Pass({Content("SEC"), Finished(), usage}).value() ==
        absl::StrCat(Content("SEC"), Finished(), usage, kDone));
  CHECK(Pass({Content("SEC"), Finished(), usage, kDone}, {true, true, false}).value() ==
        absl::StrCat(Content("SEC"), Finished(), kDone));
}

TEST_CASE("StreamAnswer: a tool call's arguments go on after a finish reason", "[dialects]") {
  const auto call = [](absl::string_view text) {
    return Event(Choice(
        0, absl::StrCat(R"({"tool_calls":[{"index":0,"function":{"arguments":")", text, R"("}}]})"),
        "\"tool_calls\""));
  };
  CHECK(Pass({call("SEC"), call("RET"), kDone}).value() ==
        absl::StrCat(call(""), call("<S>"), kDone));
}

TEST_CASE("StreamAnswer: too many events that wait end the stream", "[dialects]") {
  StreamAnswer::Options options;
  options.max_event_bytes = 2000;
  Caller caller(options);
  absl::Status status = caller.Feed(Content("SEC"));
  for (int i = 0; i < 100 && status.ok(); ++i) status = caller.Feed(Finished());
  CHECK(absl::IsUnavailable(status));
  CHECK_FALSE(absl::StrContains(caller.bytes, "SEC"));
}

TEST_CASE("StreamAnswer: a stream that ends after a finish reason is complete without [DONE]",
          "[dialects]") {
  CHECK(Pass({Content("a SEC"), Finished()}).value() ==
        absl::StrCat(Content("a "), Content("SEC"), Finished(), kDone));
  CHECK(Pass({Content("a", "\"stop\"")}).value() == Content("a", "\"stop\"") + kDone);
  StreamAnswer::Options unmasked;
  unmasked.masked = false;
  CHECK(Pass({Content("SECRET"), Finished()}, unmasked).value() ==
        absl::StrCat(Content("SECRET"), Finished(), kDone));
  // An event of the same choice without anything may follow.
  CHECK(Pass({Content("a"), Finished(), Event(Choice(0, "{}", "null"))}).ok());
}

TEST_CASE("StreamAnswer: a stream that ends before every choice is finished is broken off",
          "[dialects]") {
  const std::string role = Event(Choice(1, R"({"role":"assistant"})", "null"));
  for (const std::vector<std::string>& events :
       std::vector<std::vector<std::string>>{{},
                                             {": comment\n\n"},
                                             {Content("a")},
                                             {Content("a", "\"\"")},
                                             {Content("a", "false")},
                                             {Content("a"), Content("b", "null", 1), Finished()},
                                             {role, Content("a"), Finished()},
                                             {Finished(), Content("more")},
                                             {"data: {\"choices\":[]}\n\n"}}) {
    CHECK(absl::IsUnavailable(Pass(events).status()));
  }
}

TEST_CASE("StreamAnswer: a last event without its blank line counts, and is sent with it",
          "[dialects]") {
  for (const std::string end : {"data: [DONE]", "data: [DONE]\n", "data: [DONE]\r\n"}) {
    CAPTURE(end);
    const std::string caller = Pass({Content("SEC"), Finished(), end}).value();
    CHECK(absl::StartsWith(caller, Content("SEC") + Finished() + "data: [DONE]"));
    sse::Parser parser(1000);
    std::vector<sse::Event> events;
    REQUIRE(parser.Feed(caller, events).ok());
    CHECK(events.back().data == "[DONE]");
  }
  std::string last = Content("a", "\"stop\"");
  last.resize(last.size() - 2);
  CHECK(Pass({last}).value() == Content("a", "\"stop\"") + kDone);
  // It is broken off if it is not whole.
  for (std::size_t size = 6; size + 1 < last.size(); ++size) {
    CHECK_FALSE(Pass({Content("b"), last.substr(0, size)}).ok());
  }
}

TEST_CASE("StreamAnswer: of members of one name the last is sent", "[dialects]") {
  const auto event = [](absl::string_view members) {
    return Event(Choice(0, absl::StrCat("{", members, "}"), "null"));
  };
  const std::string caller =
      Pass({event(R"("reasoning_content":"a SECRET","content":"SEC","reasoning_content":"b SEC")"),
            event(R"("reasoning_content":"RET","content":"RET")"), Finished(), kDone})
          .value();
  CHECK(caller == absl::StrCat(event(R"("content":"","reasoning_content":"b ")"),
                               event(R"("reasoning_content":"<S>","content":"<S>")"), Finished(),
                               kDone));
  // Also in the envelope, and beside comments and other fields.
  CHECK(Pass({": hi\nevent: message\n" +
                  Event(R"({"index":7,"index":0,"delta":{"content":"SECRET"}})"),
              kDone})
            .value() ==
        ": hi\nevent: message\n" + Event(R"({"index":0,"delta":{"content":"<S>"}})") + kDone);
}

TEST_CASE("StreamAnswer: numbers beyond 64 bits and beyond a double pass as they are",
          "[dialects]") {
  const std::string event =
      "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},"
      "\"big\":123456789012345678901234567890,\"far\":-1e400}]}\n\n";
  CHECK(Pass({event, Finished(), kDone}).value() == absl::StrCat(event, Finished(), kDone));
  // They are texts nevertheless.
  const std::string caller =
      Pass({"data: {\"choices\":[],\"n\":177700000000000000000000}\n\n", kDone}).value();
  CHECK(absl::StrContains(caller, R"("n":"1<N>00000000000000000000")"));
}

TEST_CASE("StreamAnswer: a byte order mark in an event is left out", "[dialects]") {
  std::string event = Content("SECRET");
  event.insert(6, "\xef\xbb\xbf");
  CHECK(Pass({event, Finished(), kDone}).value() ==
        absl::StrCat(Content("<S>"), Finished(), kDone));
}

}  // namespace
}  // namespace countersign::dialects::openai
