#include "libs/dialects/openai/responses/stream_grammar.h"

#include <catch2/catch.hpp>
#include <random>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "libs/dialects/openai/testing/response_streams.h"
#include "libs/dialects/testing/pass_pieces.h"
#include "libs/json/document.h"

namespace countersign::dialects::openai::responses {
namespace {

using dialects::testing::PassPieces;
using dialects::testing::SplitIntoBytes;
using openai::testing::OpenAnswer;
using openai::testing::ResponseWriter;

std::string Pass(const std::vector<std::string>& pieces) {
  const auto reader = OpenAnswer("responses", true);
  const auto passed = PassPieces(*reader, pieces);
  if (!passed.ok()) FAIL(passed.status());
  return *passed;
}

absl::Status Refuse(const std::string& stream, const AnswerOptions& options = AnswerOptions()) {
  return PassPieces(*OpenAnswer("responses", true, options), {stream}).status();
}

std::string Mask(const std::string& text) { return absl::StrReplaceAll(text, {{"SECRET", "<S>"}}); }

// An event as a caller reads it.
std::vector<json::Document> ReadEvents(const std::string& caller) {
  sse::Parser parser(1 << 20);
  std::vector<sse::Event> events;
  REQUIRE(parser.Feed(caller, events).ok());
  std::vector<json::Document> documents;
  for (const sse::Event& event : events) {
    auto document = json::Document::Parse(event.data);
    REQUIRE(document.ok());
    documents.push_back(*std::move(document));
  }
  return documents;
}

// What callers make of the pieces of an item's text, and each copy of it.
struct Copies {
  std::string joined;
  std::vector<std::string> copies;
};

Copies Collect(const std::string& caller, std::int64_t item) {
  Copies result;
  for (const json::Document& event : ReadEvents(caller)) {
    const json::Value root = event.root();
    const auto add = [&](const json::Value& text) {
      if (text.is(json::Type::kString)) result.copies.emplace_back(text.text());
    };
    const auto add_item = [&](const json::Value& each) {
      add(each["arguments"]);
      add(each["content"].at(0)["text"]);
    };
    if (root["output_index"].integer() == item) {
      absl::StrAppend(&result.joined, root["delta"].text());
      if (absl::EndsWith(root["type"].text(), ".done")) {
        add(root["text"]);
        add(root["arguments"]);
        add(root["part"]["text"]);
        add_item(root["item"]);
      }
    }
    if (root["type"].text() == "response.completed") {
      add_item(root["response"]["output"].at(static_cast<std::size_t>(item)));
    }
  }
  return result;
}

TEST_CASE("responses::StreamGrammar: every copy of a text is masked like its pieces",
          "[dialects]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  static const std::vector<std::string> kPieces{"SEC", "RET", "SECRET",   "S",  "ECRE",
                                                "T",   "x ",  "\xc3\xa9", "SE", "CRETS"};
  for (int round = 0; round < 60; ++round) {
    std::vector<std::string> pieces[2];
    std::string texts[2];
    for (const int item : {0, 1}) {
      for (std::size_t i = 1 + random() % 8; i > 0; --i) {
        pieces[item].push_back(kPieces[random() % kPieces.size()]);
        texts[item] += pieces[item].back();
      }
    }
    ResponseWriter writer;
    writer.Begin();
    writer.Message(pieces[0]);
    writer.Call(pieces[1]);
    writer.Complete();
    const std::string caller = Pass({writer.bytes()});
    CAPTURE(caller);
    for (const int item : {0, 1}) {
      const Copies found = Collect(caller, item);
      CHECK(found.joined == Mask(texts[item]));
      CHECK(found.copies.size() == (item == 0 ? 4 : 3));
      for (const std::string& copy : found.copies) CHECK(copy == Mask(texts[item]));
    }
    std::int64_t number = 0;
    for (const json::Document& event : ReadEvents(caller)) {
      CHECK(event.root()["sequence_number"].integer() == number++);
    }
    REQUIRE(Pass(SplitIntoBytes(writer.bytes())) == caller);
  }
}

TEST_CASE("responses::StreamGrammar: every cut of a stream gives the same bytes", "[dialects]") {
  ResponseWriter writer;
  writer.Begin();
  writer.Message({"a SEC", "RET and SE", "CR"});
  writer.Call({"{\"a\":\"SEC", "RET\"}"});
  writer.Complete();
  const std::string& stream = writer.bytes();
  const std::string whole = Pass({stream});
  for (std::size_t i = 0; i <= stream.size(); ++i) {
    if (Pass({stream.substr(0, i), stream.substr(i)}) == whole) continue;
    CAPTURE(i);
    FAIL("a cut changed what the caller gets");
  }
}

TEST_CASE("responses::StreamGrammar: a stream without a match passes byte for byte", "[dialects]") {
  ResponseWriter writer;
  writer.Begin();
  writer.Event("response.output_item.added",
               R"("output_index":0,"item":{"id":"rs_01a1c0ffee","type":"reasoning","summary":[]})");
  writer.Event("response.reasoning_summary_part.added",
               R"("item_id":"rs_01a1c0ffee","output_index":0,"summary_index":0,)"
               R"("part":{"type":"summary_text","text":""})");
  writer.Event("response.reasoning_summary_text.delta",
               R"("item_id":"rs_01a1c0ffee","output_index":0,"summary_index":0,"delta":"Hm",)"
               R"("obfuscation":"a1b2c3")");
  writer.Event("response.reasoning_summary_text.done",
               R"("item_id":"rs_01a1c0ffee","output_index":0,"summary_index":0,"text":"Hm")");
  writer.Event("response.web_search_call.searching",
               R"("item_id":"ws_01a1c0ffee","output_index":1)");
  writer.Event("keepalive", "");
  writer.Event(
      "response.output_text.delta",
      R"("item_id":"msg_01a1c0ffee","output_index":2,"content_index":0,"delta":"Hi",)"
      R"("logprobs":[{"token":"Hi","logprob":-0.25,"top_logprobs":[{"token":"Ho","logprob":-2}]}])");
  writer.Event(
      "response.output_text.done",
      R"("item_id":"msg_01a1c0ffee","output_index":2,"content_index":0,"text":"Hi",)"
      R"("logprobs":[{"token":"Hi","logprob":-0.25,"top_logprobs":[{"token":"Ho","logprob":-2}]}])");
  writer.Event(
      "response.content_part.done",
      R"("item_id":"msg_01a1c0ffee","output_index":2,"content_index":0,"part":{"type":"output_text",)"
      R"("text":"Hi","annotations":[{"type":"url_citation","url":"https://a.example","title":"A",)"
      R"("start_index":0,"end_index":2}],"logprobs":[{"token":"Hi","logprob":-0.25}]})");
  writer.Complete();
  CHECK(Pass({writer.bytes()}) == writer.bytes());
  AnswerOptions strict;
  strict.unknown_events = domain::UnknownEvents::kRefuse;
  const auto reader = OpenAnswer("responses", true, strict);
  CHECK(PassPieces(*reader, {writer.bytes()}).value() == writer.bytes());
  CHECK(reader->usage().input_tokens == 11);
  CHECK(reader->usage().output_tokens == 7);
  CHECK(reader->next_number() == 12);
}

TEST_CASE("responses::StreamGrammar: probabilities are removed with a masked text", "[dialects]") {
  const auto tokens = [](absl::string_view a) {
    return absl::StrCat(R"("logprobs":[{"token":")", a, R"(","logprob":-1}])");
  };
  const std::string at = R"("item_id":"msg_01a1c0ffee","output_index":0,"content_index":0,)";
  ResponseWriter writer;
  writer.Event("response.output_text.delta",
               absl::StrCat(at, R"("delta":"x SECRET",)", tokens("x SECRET")));
  writer.Event("response.output_text.done",
               absl::StrCat(at, R"("text":"x SECRET",)", tokens("x SECRET")));
  writer.Complete();
  const std::string caller = Pass({writer.bytes()});
  CHECK_FALSE(absl::StrContains(caller, "SECRET"));
  CHECK(absl::StrContains(caller, R"("logprobs":[])"));
}

TEST_CASE("responses::StreamGrammar: held text is sent before the event that ends it",
          "[dialects]") {
  const std::string at = R"("item_id":"msg_01a1c0ffee","output_index":0,"content_index":0,)";
  for (const std::string& end : std::vector<std::string>{
           absl::StrCat("response.output_text.done|", at, R"("text":"a SEC")"),
           absl::StrCat("response.content_part.done|", at, R"("part":{"type":"output_text"})"),
           std::string(R"(response.output_item.done|"output_index":0,"item":{"type":"message"})"),
           std::string(R"(response.completed|"response":{})")}) {
    CAPTURE(end);
    const std::size_t bar = end.find('|');
    ResponseWriter writer;
    writer.Event("response.output_text.delta", absl::StrCat(at, R"("delta":"a SEC")"));
    writer.Event(end.substr(0, bar), end.substr(bar + 1));
    if (!absl::StartsWith(end, "response.completed")) writer.Complete();
    const auto events = ReadEvents(Pass({writer.bytes()}));
    REQUIRE(events.size() >= 3);
    CHECK(events[0].root()["delta"].text() == "a ");
    CHECK(events[1].root()["type"].text() == "response.output_text.delta");
    CHECK(events[1].root()["delta"].text() == "SEC");
    CHECK(events[1].root()["item_id"].text() == "msg_01a1c0ffee");
    CHECK(events[1].root()["content_index"].integer() == 0);
    CHECK(events[1].root()["sequence_number"].integer() == 1);
    CHECK(events[2].root()["type"].text() == end.substr(0, bar));
    CHECK(events[2].root()["sequence_number"].integer() == 2);
  }
}

TEST_CASE("responses::StreamGrammar: an id that is masked stays masked in added events",
          "[dialects]") {
  const std::string at = R"("item_id":"SECRET","output_index":0,"content_index":0,)";
  ResponseWriter writer;
  writer.Event("response.output_text.delta", absl::StrCat(at, R"("delta":"a SEC")"));
  writer.Complete();
  CHECK_FALSE(absl::StrContains(Pass({writer.bytes()}), "SECRET"));
}

TEST_CASE("responses::StreamGrammar: items that callers could tell apart differently end a stream",
          "[dialects]") {
  const auto delta = [](absl::string_view place) {
    return sse::FormatEvent(
        absl::StrCat(R"({"type":"response.output_text.delta",)", place, R"(,"delta":"SEC"})"));
  };
  const std::string first = delta(R"("item_id":"msg_a","output_index":0,"content_index":0)");
  for (const char* second :
       {R"("item_id":"msg_b","output_index":0,"content_index":0)",
        R"("item_id":"msg_a","output_index":1,"content_index":0)",
        R"("output_index":0,"content_index":0)", R"("item_id":"msg_a","output_index":"0")",
        R"("item_id":"msg_a","output_index":0.5,"content_index":0)"}) {
    CAPTURE(second);
    CHECK(absl::IsUnavailable(Refuse(first + delta(second))));
  }
}

TEST_CASE("responses::StreamGrammar: a match over several texts that callers join ends the stream",
          "[dialects]") {
  ResponseWriter writer;
  writer.Message({"a SEC"});
  writer.Message({"RET"});
  writer.Complete();
  CHECK(absl::IsFailedPrecondition(Refuse(writer.bytes())));
}

TEST_CASE("responses::StreamGrammar: text after the end of its item ends the stream",
          "[dialects]") {
  ResponseWriter writer;
  writer.Message({"a"});
  writer.Event("response.output_text.delta",
               R"("item_id":"msg_0a1c0ffee12","output_index":0,"content_index":0,"delta":"b")");
  CHECK(absl::IsUnavailable(Refuse(writer.bytes())));
}

TEST_CASE("responses::StreamGrammar: unknown events are masked, or refused by profile",
          "[dialects]") {
  const std::string unknown =
      "event: response.new.delta\n"
      R"(data: {"type":"response.new.delta","sequence_number":0,"output_index":0,"delta":"SEC"})"
      "\n\nevent: response.new.delta\n"
      R"(data: {"type":"response.new.delta","sequence_number":1,"output_index":0,"delta":"RET"})"
      "\n\n";
  ResponseWriter writer;
  writer.Complete();
  const std::string caller = Pass({unknown + writer.bytes()});
  std::string joined;
  for (const json::Document& event : ReadEvents(caller)) {
    absl::StrAppend(&joined, event.root()["delta"].text());
  }
  CHECK(joined == "<S>");
  AnswerOptions strict;
  strict.unknown_events = domain::UnknownEvents::kRefuse;
  CHECK(Refuse(unknown, strict).ok() == false);
}

TEST_CASE("responses::StreamGrammar: known events in another form are read like unknown ones",
          "[dialects]") {
  for (const char* form : {R"("delta":{"text":"$"})", R"("delta":["$"])"}) {
    const auto event = [&](absl::string_view text) {
      return sse::FormatEvent(absl::StrCat(R"({"type":"response.output_text.delta",)",
                                           R"("output_index":0,"content_index":0,)",
                                           absl::StrReplaceAll(form, {{"$", text}}), "}"));
    };
    ResponseWriter writer;
    writer.Complete();
    const std::string caller = Pass({event("a SEC") + event("RET b") + writer.bytes()});
    CAPTURE(caller);
    CHECK_FALSE((absl::StrContains(caller, "SEC") && absl::StrContains(caller, "RET")));
    AnswerOptions strict;
    strict.unknown_events = domain::UnknownEvents::kRefuse;
    CHECK_FALSE(Refuse(event("a"), strict).ok());
  }
}

TEST_CASE("responses::StreamGrammar: members that spell a secret over several events are masked",
          "[dialects]") {
  const std::string filler(200, 'x');
  for (const std::string& before : {std::string(), filler}) {
    ResponseWriter writer;
    writer.Event("response.in_progress", absl::StrCat(R"("note":")", before, R"(SEC")"));
    writer.Event("response.in_progress", R"("note":"RET")");
    writer.Complete();
    const std::string caller = Pass({writer.bytes()});
    CAPTURE(caller);
    CHECK_FALSE((absl::StrContains(caller, "SEC") && absl::StrContains(caller, "RET")));
  }
}

TEST_CASE("responses::StreamGrammar: chunks of a chat completion are not taken for texts of items",
          "[dialects]") {
  ResponseWriter writer;
  writer.Message({"a"});
  const std::string chunk =
      "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"SEC\"}}]}\n\n";
  writer.Complete();
  const std::size_t end = writer.bytes().find("event: response.completed");
  const std::string caller =
      Pass({writer.bytes().substr(0, end) + chunk + absl::StrReplaceAll(chunk, {{"SEC", "RET"}}) +
            writer.bytes().substr(end)});
  CHECK(absl::StrContains(caller, "<S>"));
}

TEST_CASE("responses::StreamGrammar: events are numbered without masking, too", "[dialects]") {
  ResponseWriter writer;
  writer.Message({"a"});
  AnswerOptions options;
  options.masked = false;
  const auto reader = OpenAnswer("responses", true, options);
  REQUIRE(reader->Feed(writer.bytes()).ok());
  REQUIRE(reader->Release({}).ok());
  CHECK(reader->next_number() == 6);
}

TEST_CASE("responses::StreamGrammar: a stream ends with its terminal event, and fails without one",
          "[dialects]") {
  for (const char* type :
       {"response.completed", "response.incomplete", "response.failed", "response.cancelled"}) {
    ResponseWriter writer;
    writer.Event(type, R"("response":{"status":"x"})");
    const auto reader = OpenAnswer("responses", true);
    CHECK(PassPieces(*reader, {writer.bytes() + "data: [DONE]\n\n"}).value() == writer.bytes());
    CHECK(reader->upstream_failed() == (std::string(type) == "response.failed"));
  }
  ResponseWriter writer;
  writer.Message({"a"});
  CHECK(absl::IsUnavailable(Refuse(writer.bytes())));
}

TEST_CASE("responses::StreamGrammar: an upstream's error passes and is masked", "[dialects]") {
  ResponseWriter writer;
  writer.Begin();
  writer.Event("error", R"("code":"server_error","message":"about SECRET","param":null)");
  const auto reader = OpenAnswer("responses", true);
  const auto caller = PassPieces(*reader, {writer.bytes()});
  REQUIRE(caller.ok());
  CHECK(absl::StrContains(*caller, "about <S>"));
  CHECK(reader->upstream_failed());
}

}  // namespace
}  // namespace countersign::dialects::openai::responses
