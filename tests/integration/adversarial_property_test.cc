// Random texts that are hard to mask, through dialect and masking with the default rules: the
// caller reads the same however the text arrives, in streams and in bodies.

#include <random>

#include "absl/strings/match.h"
#include "libs/text/redaction/redaction.h"
#include "tests/integration/masked_stream_testing.h"

namespace countersign::integration {
namespace {

using Random = std::mt19937;

std::string RandomText(Random& random, absl::string_view between = "") {
  static const std::vector<std::string> kFragments = {"4111",
                                                      "1111",
                                                      "4111111111111111",
                                                      "536-90-4399",
                                                      "john",
                                                      "@",
                                                      "x.io",
                                                      ".",
                                                      "PRJ",
                                                      "-",
                                                      " ",
                                                      " ",
                                                      " ",
                                                      "1",
                                                      "9",
                                                      "0",
                                                      "\\",
                                                      "\\u0034",
                                                      "\\u00",
                                                      "u0031",
                                                      "\\\\u0040",
                                                      "\"",
                                                      "{",
                                                      "}",
                                                      "[",
                                                      "]",
                                                      ":",
                                                      ",",
                                                      "{\"k\":",
                                                      "\"v\"",
                                                      "true",
                                                      "-1.5e3",
                                                      "\n",
                                                      "\u00E9",
                                                      "\U0001F600",
                                                      "\u200B",
                                                      "\u00AD",
                                                      "\uFF14",
                                                      "\u0661",
                                                      "\u2011",
                                                      "\u00A0",
                                                      "GB29 NWBK 6016 1331 9268 19",
                                                      "eyJhbGci",
                                                      "OiJIUzI1NiJ9.",
                                                      "ghp_",
                                                      "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5",
                                                      "AKIA",
                                                      "ABCDEFGHIJKLMNOP",
                                                      "http://",
                                                      "user:pw@",
                                                      "-----BEGIN",
                                                      " PRIVATE KEY-----",
                                                      "password",
                                                      "=",
                                                      "api_key: ",
                                                      "'",
                                                      "Bearer ",
                                                      "10.0.0.1",
                                                      "::1",
                                                      "+1 415 555 2671",
                                                      "routing ",
                                                      "021000021",
                                                      "<EMAIL>",
                                                      "x"};
  std::string text;
  for (std::size_t left = random() % 24; left > 0; --left) {
    absl::StrAppend(&text, kFragments[random() % kFragments.size()], between);
  }
  return text;
}

// No delta begins with all of the one before it, unless that is short: such streams may be read as
// one text that grows, and are masked in both readings (libs/dialects/answers/growth_guard.h).
std::vector<std::string> RandomDeltas(absl::string_view text, Random& random) {
  std::vector<std::string> deltas;
  const auto add = [&](const std::string& delta) {
    constexpr std::size_t kShortestGrowth = 4;
    const bool grows = !deltas.empty() && deltas.back().size() >= kShortestGrowth &&
                       absl::StartsWith(delta, deltas.back());
    grows ? void(deltas.back() += delta) : deltas.push_back(delta);
  };
  const std::size_t longest = 1 + random() % 12;
  std::string delta;
  std::size_t left = 0;
  for (const std::string& character : Characters(text)) {
    if (left == 0) {
      left = 1 + random() % longest;
      if (!delta.empty()) add(std::exchange(delta, ""));
    }
    delta += character;
    --left;
  }
  if (!delta.empty()) add(delta);
  return deltas;
}

std::string Streamed(const std::vector<std::string>& deltas, const Carrier& as, Random& random) {
  std::string stream;
  for (const std::string& delta : deltas) {
    if (random() % 8 == 0) stream += ": still here\n\n";
    stream += as.delta(delta);
  }
  absl::StrAppend(&stream, Finished(), kDone);
  const Passed passed = PassPieces(RandomPieces(stream, 1 + random() % 300, random));
  INFO(passed.status);
  REQUIRE(passed.status.ok());
  return as.joined(passed.caller);
}

std::string InBody(absl::string_view message) {
  dialects::openai::DocumentAnswer reader({});
  masking::FieldMasker masker(Tier1());
  const std::string body = absl::StrCat("{\"choices\":[{\"index\":0,\"message\":", message, "}]}");
  REQUIRE(reader.Feed(body).ok());
  const auto asked = reader.Finish();
  REQUIRE(asked.ok());
  auto releases = masker.Feed(*asked);
  REQUIRE(releases.ok());
  const auto deliveries = reader.Release(*std::move(releases));
  REQUIRE(deliveries.ok());
  std::string caller;
  for (const dialects::Delivery& delivery : *deliveries) caller += delivery.bytes;
  return caller;
}

json::Value FindMessage(const json::Document& document) {
  return document.root()["choices"].at(0)["message"];
}

// Returns the text as callers read it, after requiring that it is the same in deltas, in one piece
// and in a body.
std::string RequireSameEverywhere(const std::string& text, Random& random) {
  CAPTURE(text);
  const auto body = json::Document::Parse(InBody(
      absl::StrCat("{\"content\":", json::Quote(text), ",\"tool_calls\":[{\"id\":\"c\",",
                   "\"function\":{\"name\":\"f\",\"arguments\":", json::Quote(text), "}}]}")));
  REQUIRE(body.ok());
  std::string content(FindMessage(*body)["content"].text());
  const std::string arguments(
      FindMessage(*body)["tool_calls"].at(0)["function"]["arguments"].text());
  const std::vector<std::string> deltas = RandomDeltas(text, random);
  REQUIRE(Streamed(deltas, kAsContent, random) == content);
  REQUIRE(Streamed({text}, kAsContent, random) == content);
  REQUIRE(Streamed(deltas, kAsArguments, random) == arguments);
  REQUIRE(Streamed({text}, kAsArguments, random) == arguments);
  if (json::Document::Parse(text).ok()) {
    REQUIRE(json::Document::Parse(arguments).ok());
    // Content that is a single number or string counts as prose.
    const bool document = text.find_first_of("{[") == text.find_first_not_of(" \n");
    REQUIRE((!document || json::Document::Parse(content).ok()));
  }
  return content;
}

TEST_CASE("adversarial: random texts are the same in deltas, in one piece, and in a body",
          "[adversarial]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  Random random(seed);
  int masked = 0;
  for (int round = 0; round < 1500; ++round) {
    std::string text = RandomText(random);
    // Long whole texts are scanned differently from streams.
    if (random() % 4 == 0) text += std::string(300, ' ') + RandomText(random);
    masked += RequireSameEverywhere(text, random) != text;
  }
  CHECK(masked > 250);  // otherwise the texts were too easy
}

TEST_CASE("adversarial: a text that looks like an identifier is the same in deltas and in a body",
          "[adversarial]") {
  Random random(1);
  for (const char* text : {"ghp_10.0.0.1", "call-4111111111111111", "x_4111_1111_1111_1111"}) {
    RequireSameEverywhere(text, random);
  }
}

TEST_CASE("adversarial 17: masking random masked text again changes nothing", "[adversarial]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  Random random(seed);
  for (int round = 0; round < 5000; ++round) {
    // Separated by spaces, because a replacement is another neighbour than the replaced digit or
    // letter; and without context words, which a shorter replacement moves closer.
    const std::string text = RandomText(random, " ");
    const auto has = [&](const char* word) { return absl::StrContains(text, word); };
    if (has("routing") || has("Bearer") || has("password") || has("api_key")) continue;
    CAPTURE(text);
    const std::string once = text::redaction::RedactWhole(Tier1(), text)->text;
    REQUIRE(text::redaction::RedactWhole(Tier1(), once)->text == once);
  }
}

// Every place of an answer that may contain a model's text, marked with $.
const std::vector<std::string>& Members() {
  static const auto& members = *new std::vector<std::string>{
      R"("content":"$")",
      R"("content":[{"type":"text","text":"$"}])",
      R"("refusal":"$")",
      R"("reasoning":"$")",
      R"("reasoning_content":"$")",
      R"("reasoning_details":[{"type":"reasoning.text","text":"$"}])",
      R"("thinking":"$")",
      R"("function_call":{"name":"f","arguments":"$"})",
      R"("function_call":{"name":"$","arguments":""})",
      R"("tool_calls":[{"index":0,"id":"c","function":{"name":"$","arguments":"{}"}}])",
      R"("tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{\"a\":\"$\"}"}}])",
      R"("tool_calls":[{"index":0,"custom":{"name":"f","input":"$"}}])",
      R"("audio":{"id":"a","transcript":"$","data":"AAAA","expires_at":1})",
      R"("annotations":[{"type":"url_citation","url_citation":{"url":"http://x.io/","title":"$"}}])",
      R"("citations":["$"])",
      R"("content_filter_results":{"details":"$"})",
      R"("something_new":{"nested":[[{"deep":"$"}]]})",
      R"("score":$)",
      R"("role":"$")",
      R"("$":"x")",
  };
  return members;
}

std::string Filled(absl::string_view pattern, absl::string_view with) {
  std::string text;
  for (const char c : pattern) c == '$' ? text.append(with.data(), with.size()) : text += c;
  return text;
}

TEST_CASE("adversarial 18: no member of a stream or body avoids masking", "[adversarial]") {
  const std::string card = "4111111111111111";
  for (const std::string& member : Members()) {
    CAPTURE(member);
    const std::string filled = Filled(member, card);
    const Passed streamed = PassPieces({Delta(filled), Finished(), kDone});
    CHECK(!absl::StrContains(streamed.caller, card));
    const std::string choice =
        absl::StrCat("data: {\"choices\":[{\"index\":0,", filled, "}],", filled, "}\n\n");
    CHECK(!absl::StrContains(PassPieces({choice, kDone}).caller, card));
    dialects::openai::DocumentAnswer reader({});
    masking::FieldMasker masker(Tier1());
    REQUIRE(reader
                .Feed(absl::StrCat("{\"choices\":[{\"index\":0,\"message\":{", filled,
                                   "}}],\"x\":{", filled, "}}"))
                .ok());
    const auto asked = reader.Finish();
    REQUIRE(asked.ok());
    const auto deliveries = reader.Release(*masker.Feed(*asked));
    if (!deliveries.ok()) continue;  // a name that would have to be masked
    CHECK(!absl::StrContains(deliveries->front().bytes, card));
  }
}

TEST_CASE("adversarial 18: members that continue across deltas are masked across the cuts",
          "[adversarial]") {
  for (const std::string& member : Members()) {
    if (absl::StrContains(member, "name\":\"$") || absl::StrContains(member, "\"$\":") ||
        absl::StrContains(member, ":$") || absl::StrContains(member, "role") ||
        absl::StrContains(member, "citation") || absl::StrContains(member, "[[")) {
      continue;  // sent in one piece
    }
    CAPTURE(member);
    std::string first = Filled(member, "4111 1111 ");
    std::string second = Filled(member, "1111 1111");
    if (absl::StrContains(member, "{\\\"a")) {  // two halves of one document
      first = R"("tool_calls":[{"index":0,"function":{"arguments":"{\"a\":\"4111 1111 "}}])";
      second = R"("tool_calls":[{"index":0,"function":{"arguments":"1111 1111\"}"}}])";
    }
    const Passed passed = PassPieces({Delta(first), Delta(second), Finished(), kDone});
    CHECK(passed.status.ok());
    CHECK(!absl::StrContains(passed.caller, "1111"));
    CHECK(absl::StrContains(passed.caller, "<CREDIT_CARD>"));
  }
}

}  // namespace
}  // namespace countersign::integration
