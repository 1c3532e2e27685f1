#include "libs/dialects/anthropic/stream_answer.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "libs/base/status.h"
#include "libs/crypto/hash.h"
#include "libs/dialects/sse/parser.h"
#include "libs/dialects/sse/writer.h"
#include "libs/dialects/testing/pass_pieces.h"
#include "libs/json/document.h"
#include "libs/json/writer.h"

namespace countersign::dialects::anthropic {
namespace {

using testing::PassPieces;
using testing::SplitIntoBytes;

std::string Event(absl::string_view type, absl::string_view members) {
  return sse::FormatEvent(
      absl::StrCat("{\"type\":\"", type, "\"", members.empty() ? "" : ",", members, "}"), type);
}
std::string Start(int block, absl::string_view members) {
  return Event("content_block_start",
               absl::StrCat("\"index\":", block, ",\"content_block\":{", members, "}"));
}
std::string Delta(int block, absl::string_view type, absl::string_view member,
                  absl::string_view piece) {
  return Event("content_block_delta",
               absl::StrCat("\"index\":", block, ",\"delta\":{\"type\":\"", type, "\",\"", member,
                            "\":", json::Quote(piece), "}"));
}
std::string Text(int block, absl::string_view piece) {
  return Delta(block, "text_delta", "text", piece);
}
std::string Thought(int block, absl::string_view piece) {
  return Delta(block, "thinking_delta", "thinking", piece);
}
std::string Json(int block, absl::string_view piece) {
  return Delta(block, "input_json_delta", "partial_json", piece);
}
std::string Stop(int block) {
  return Event("content_block_stop", absl::StrCat("\"index\":", block));
}

std::string MakeSignature() {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += crypto::Sha256(absl::StrCat("signature", i));
  return absl::Base64Escape(bytes);
}
const std::string& Signature() {
  static const auto& signature = *new std::string(MakeSignature());
  return signature;
}
std::string Signed(int block) { return Delta(block, "signature_delta", "signature", Signature()); }

const char kThinkingBlock[] = R"("type":"thinking","thinking":"","signature":"")";

std::string Begin() {
  return Event(
      "message_start",
      R"("message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-x",)"
      R"("content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":25,)"
      R"("cache_creation_input_tokens":3,"cache_read_input_tokens":100,"output_tokens":1}})");
}
std::string End() {
  return absl::StrCat(
      Event("message_delta", R"("delta":{"stop_reason":"end_turn","stop_sequence":null},)"
                             R"("usage":{"output_tokens":15})"),
      Event("message_stop", ""));
}

absl::StatusOr<std::string> Pass(const std::string& stream, StreamAnswer::Options options = {}) {
  StreamAnswer reader(options);
  return PassPieces(reader, {stream});
}

// The same for some hundred ways to cut the stream in two, and byte by byte.
std::string PassAllWays(const std::string& stream, StreamAnswer::Options options = {}) {
  const std::string whole = Pass(stream, options).value();
  for (std::size_t i = 1; i < stream.size(); i += 1 + stream.size() / 300) {
    StreamAnswer reader(options);
    if (PassPieces(reader, {stream.substr(0, i), stream.substr(i)}).value() == whole) continue;
    CAPTURE(i);
    FAIL("a cut changed what the caller gets");
  }
  StreamAnswer reader(options);
  CHECK(PassPieces(reader, SplitIntoBytes(stream)).value() == whole);
  return whole;
}

// The text of one member of all deltas of a block.
std::string Join(absl::string_view stream, int block, absl::string_view member) {
  sse::Parser parser(1 << 20);
  std::vector<sse::Event> events;
  REQUIRE(parser.Feed(stream, events).ok());
  std::string text;
  for (const sse::Event& event : events) {
    const auto document = json::Document::Parse(event.data);
    if (!document.ok() || document->root()["index"].integer() != block) continue;
    absl::StrAppend(&text, document->root()["delta"][member].text());
  }
  return text;
}

TEST_CASE("Anthropic's streams: a stream without a match passes byte for byte", "[anthropic]") {
  const std::string stream = absl::StrCat(
      Begin(), "event: ping\ndata: {\"type\": \"ping\"}\r\n\r\n", Start(0, kThinkingBlock),
      Thought(0, "hm SEC"), Thought(0, "OND"), Signed(0), Stop(0),
      Start(1, R"("type":"redacted_thinking","data":"EmwKAhgB")"), Stop(1),
      Start(2, R"("type":"text","text":"")"), Text(2, "caf\xc3\xa9 "), Text(2, "\"x\""),
      Event("content_block_delta",
            R"("index":2,"delta":{"type":"citations_delta","citation":{"type":"char_location",)"
            R"("cited_text":"as it says","document_index":0,"document_title":"t",)"
            R"("start_char_index":777,"end_char_index":800}})"),
      Stop(2), Start(3, R"("type":"tool_use","id":"toolu_01A","name":"f","input":{})"), Json(3, ""),
      Json(3, "{\"a\": \"b"), Json(3, "\"}"), Stop(3), End());
  CHECK(PassAllWays(stream) == stream);
  StreamAnswer::Options unmasked;
  unmasked.masked = false;
  CHECK(Pass(stream, unmasked).value() == stream);
  StreamAnswer::Options strict;
  strict.refuse_unknown = true;
  strict.signed_texts = answers::SignedTexts::kRefuse;
  CHECK(Pass(stream, strict).value() == stream);
  strict.signed_texts = answers::SignedTexts::kSendLive;
  const std::string live = PassAllWays(stream, strict);
  CHECK(Join(live, 0, "thinking") == "hm SECOND");
}

TEST_CASE("Anthropic's streams: a secret over deltas is masked in every kind of text",
          "[anthropic]") {
  const std::string stream = absl::StrCat(
      Begin(), Start(0, R"("type":"text","text":"a SE")"), Text(0, "CR"), Text(0, "ET b"), Stop(0),
      Start(1, R"("type":"tool_use","id":"toolu_01A","name":"f","input":{})"),
      Json(1, "{\"q\":\"SE"), Json(1, "CRET\"}"), Stop(1),
      Start(2, R"("type":"compaction","content":"")"),
      Delta(2, "compaction_delta", "content", "SEC"),
      Delta(2, "compaction_delta", "content", "RET"), Stop(2), End());
  const std::string passed = PassAllWays(stream);
  CHECK_FALSE(absl::StrContains(passed, "SECRET"));
  CHECK(absl::StrContains(passed, R"("text":"a ")"));
  CHECK(Join(passed, 0, "text") == "<S> b");
  CHECK(Join(passed, 1, "partial_json") == "{\"q\":\"<S>\"}");
  CHECK(Join(passed, 2, "content") == "<S>");
  CHECK(absl::EndsWith(passed, End()));
}

TEST_CASE("Anthropic's streams: held text is sent before the event that ends its block",
          "[anthropic]") {
  const std::string stream = absl::StrCat(Begin(), Start(0, R"("type":"text","text":"")"),
                                          Text(0, "a SEC"), Stop(0), End());
  CHECK(PassAllWays(stream) == absl::StrCat(Begin(), Start(0, R"("type":"text","text":"")"),
                                            Text(0, "a "), Text(0, "SEC"), Stop(0), End()));
  // Without the end of the block, before the end of the stream.
  CHECK(Pass(absl::StrCat(Begin(), Text(0, "SEC"), Event("message_stop", ""))).value() ==
        absl::StrCat(Begin(), Text(0, "SEC"), Event("message_stop", "")));
}

TEST_CASE("Anthropic's streams: signed thinking with a match is delivered empty", "[anthropic]") {
  const std::string before = absl::StrCat(Begin(), Start(0, kThinkingBlock));
  const std::string after = absl::StrCat(Signed(0), Stop(0), Start(1, R"("type":"text","text":"")"),
                                         Text(1, "done"), Stop(1), End());
  const std::string stream =
      absl::StrCat(before, Thought(0, "it says SE"), Thought(0, "CRET"), Thought(0, "!"), after);
  CHECK(PassAllWays(stream) == absl::StrCat(before, after));

  StreamAnswer reader({});
  testing::LiteralMasking masking;
  std::size_t spans = 0;
  const auto deliveries = reader.Release(masking.Apply(reader.Feed(stream).value()));
  for (const Delivery& delivery : deliveries.value()) {
    for (const domain::DeliveredSpan& masked : delivery.masked) {
      CHECK(masked.field == "content/0/thinking");
      CHECK(masked.span.original == "SECRET");
      CHECK(masked.span.end == 0);
      ++spans;
    }
  }
  CHECK(spans == 1);  // the record knows why
}

TEST_CASE(
    "Anthropic's streams: signed thinking with a match ends the answer if the profile is strict",
    "[anthropic]") {
  const std::string stream = absl::StrCat(Begin(), Start(0, kThinkingBlock), Thought(0, "SE"),
                                          Thought(0, "CRET"), Signed(0), Stop(0), End());
  StreamAnswer::Options options;
  for (const auto kind : {answers::SignedTexts::kRefuse, answers::SignedTexts::kSendLive}) {
    options.signed_texts = kind;
    CHECK(absl::IsFailedPrecondition(Pass(stream, options).status()));
  }
}

TEST_CASE("Anthropic's streams: thinking without a signature is masked", "[anthropic]") {
  const std::string before = absl::StrCat(Begin(), Start(0, kThinkingBlock));
  const std::string after = absl::StrCat(Stop(0), End());
  CHECK(PassAllWays(absl::StrCat(before, Thought(0, "a SE"), Thought(0, "CRET"), Thought(0, " SEC"),
                                 after)) == absl::StrCat(before, Thought(0, "a <S> SEC"), after));
}

TEST_CASE("Anthropic's streams: what comes between thinking waits with it, but for pings",
          "[anthropic]") {
  const std::string ping = Event("ping", "");
  const std::string start = absl::StrCat(Begin(), Start(0, kThinkingBlock));
  const std::string rest = absl::StrCat(Signed(0), Stop(0), End());
  StreamAnswer reader({});
  testing::LiteralMasking masking;
  const auto feed = [&](const std::string& bytes) {
    std::string sent;
    const auto deliveries = reader.Release(masking.Apply(reader.Feed(bytes).value()));
    for (const Delivery& each : deliveries.value()) {
      sent += each.bytes;
    }
    return sent;
  };
  CHECK(feed(start) == start);
  CHECK(feed(Thought(0, "one ")).empty());
  CHECK(feed(ping) == ping);
  CHECK(feed(Text(1, "beside ")).empty());
  CHECK(feed(Thought(0, "two")).empty());
  CHECK(feed(rest) ==
        absl::StrCat(Thought(0, "one "), Text(1, "beside "), Thought(0, "two"), rest));
}

TEST_CASE("Anthropic's streams: thinking that breaks off is not delivered", "[anthropic]") {
  const std::string start = absl::StrCat(Begin(), Start(0, kThinkingBlock));
  const std::string error =
      Event("error", R"("error":{"type":"overloaded_error","message":"Overloaded SECRET"})");
  StreamAnswer reader({});
  CHECK(PassPieces(reader, {absl::StrCat(start, Thought(0, "SEC"), error)}).value() ==
        absl::StrCat(start, absl::StrReplaceAll(error, {{"SECRET", "<S>"}})));
  CHECK(reader.upstream_failed());
  CHECK(absl::IsUnavailable(Pass(absl::StrCat(start, Thought(0, "SEC"))).status()));
}

TEST_CASE("Anthropic's streams: a stream without message_stop is broken", "[anthropic]") {
  const std::string all = absl::StrCat(Begin(), Text(0, "a"), Stop(0));
  CHECK(absl::IsUnavailable(Pass(all).status()));
  CHECK(absl::IsUnavailable(
      Pass(absl::StrCat(all, Event("message_delta", R"("delta":{"stop_reason":"end_turn"})")))
          .status()));
}

TEST_CASE("Anthropic's streams: texts of two blocks that join to a match end the answer",
          "[anthropic]") {
  const auto stream = [](const std::string& second) {
    return absl::StrCat(Begin(), Text(0, "a SEC"), Stop(0), second, Stop(1), End());
  };
  CHECK(absl::IsFailedPrecondition(Pass(stream(Text(1, "RET"))).status()));
  CHECK(Pass(stream(Text(1, "OND"))).ok());
  CHECK(Pass(stream(Json(1, "RET"))).ok());  // clients do not join these
}

TEST_CASE("Anthropic's streams: events that readers could read in different ways are refused",
          "[anthropic]") {
  const auto refused = [](const std::string& event) {
    return absl::IsUnavailable(Pass(absl::StrCat(Begin(), event, End())).status());
  };
  // SDKs skip events without a name, or by another one.
  CHECK(refused(absl::StrReplaceAll(Text(0, "a"), {{"event: content_block_delta\n", ""}})));
  CHECK(
      refused(absl::StrReplaceAll(Text(0, "a"), {{"event: content_block_delta", "event: ping"}})));
  CHECK(
      refused(absl::StrCat("event: ping\n", Text(0, "a"), "event: x\ndata: {\"type\":\"y\"}\n\n")));
  CHECK(refused(absl::StrReplaceAll(Text(0, "a"), {{"\"index\":0", "\"index\":\"0\""}})));
  CHECK(refused(absl::StrReplaceAll(Text(0, "a"), {{"\"index\":0,", ""}})));
  CHECK(refused(absl::StrCat(Stop(0), Text(0, "a"))));
}

TEST_CASE("Anthropic's streams: unknown events and members are masked, over events too",
          "[anthropic]") {
  const auto odd = [](absl::string_view piece) {
    return Event("odd", absl::StrCat(R"("x":{"y":[)", json::Quote(piece), "]}"));
  };
  const std::string passed = PassAllWays(
      absl::StrCat(Begin(), odd("12 SEC"), odd("RET 34"), Text(0, "a"), Stop(0), End()));
  CHECK_FALSE(absl::StrContains(passed, "SEC"));
  CHECK(absl::StrContains(passed, "<S>"));
  const std::string beside =
      PassAllWays(absl::StrCat(Begin(), Delta(0, "odd_delta", "words", "SE"),
                               Delta(0, "odd_delta", "words", "CRET"), Stop(0), End()));
  CHECK(Join(beside, 0, "words") == "<S>");
  StreamAnswer::Options refuse;
  refuse.refuse_unknown = true;
  for (const std::string& event :
       {odd("a"), Delta(0, "odd_delta", "words", "a"), Start(0, R"("type":"odd")")}) {
    CHECK(GetReason(Pass(absl::StrCat(Begin(), event, End()), refuse).status()) == kUnknownEvent);
  }
}

TEST_CASE("Anthropic's streams: complete strings are masked where they stand", "[anthropic]") {
  const std::string passed = PassAllWays(absl::StrCat(
      absl::StrReplaceAll(Begin(), {{"msg_1", "msg_SECRET"}}),
      Start(0, R"("type":"server_tool_use","id":"srvtoolu_1","name":"web_search",)"
               R"("input":{"query":"a SECRET","n":[1,"SECRET"]})"),
      Stop(0),
      Start(1, R"("type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[)"
               R"({"type":"web_search_result","url":"https://x/SECRET","title":"SECRET",)"
               R"("encrypted_content":"E","page_age":null}])"),
      Stop(1),
      Event("content_block_delta",
            R"("index":2,"delta":{"type":"citations_delta","citation":{"cited_text":"SECRET"}})"),
      Stop(2), End()));
  CHECK_FALSE(absl::StrContains(passed, "SECRET"));
  CHECK(absl::StrContains(passed, R"("input":{"query":"a <S>","n":[1,"<S>"]})"));
  CHECK(absl::StrContains(passed, R"("cited_text":"<S>")"));
}

TEST_CASE("Anthropic's streams: usage counts what the cache had, and sums once", "[anthropic]") {
  StreamAnswer reader({});
  REQUIRE(PassPieces(reader, {absl::StrCat(Begin(), Text(0, "a"), Stop(0), End())}).ok());
  CHECK(reader.usage().known);
  CHECK(reader.usage().input_tokens == 128);
  CHECK(reader.usage().output_tokens == 15);
}

}  // namespace
}  // namespace countersign::dialects::anthropic
