// Streams of responses through the dialect and the masking service's masker with the default rules:
// every copy of a text equals its pieces, however the text was cut into them.

#include <catch2/catch.hpp>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/dialects/openai/testing/response_streams.h"
#include "tests/integration/masked_stream_testing.h"

namespace countersign::integration {
namespace {

using dialects::openai::testing::ResponseWriter;

absl::StatusOr<std::string> Pass(const std::vector<std::string>& pieces) {
  const auto reader = dialects::openai::testing::OpenAnswer("responses", true);
  masking::FieldMasker masker(Tier1(), nullptr);
  std::string caller;
  for (std::size_t i = 0; i <= pieces.size(); ++i) {
    auto asked = i < pieces.size() ? reader->Feed(pieces[i]) : reader->Finish();
    CS_RETURN_IF_ERROR(asked.status());
    CS_ASSIGN_OR_RETURN(auto releases, masker.Feed(*asked));
    CS_ASSIGN_OR_RETURN(const auto deliveries, reader->Release(std::move(releases)));
    for (const dialects::Delivery& delivery : deliveries) caller += delivery.bytes;
  }
  return caller;
}

struct Read {
  std::string joined;
  std::vector<std::string> copies;
};

// What a caller reads of the first item's text: `member` of its part, or of itself.
Read ReadItem(const std::string& caller, absl::string_view member) {
  dialects::sse::Parser parser(1 << 20);
  std::vector<dialects::sse::Event> events;
  REQUIRE(parser.Feed(caller, events).ok());
  Read read;
  for (const dialects::sse::Event& event : events) {
    const auto document = json::Document::Parse(event.data);
    REQUIRE(document.ok());
    const json::Value root = document->root();
    absl::StrAppend(&read.joined, root["delta"].text());
    const bool done = absl::EndsWith(root["type"].text(), ".done");
    for (const json::Value& holder :
         {root, root["part"], root["item"], root["item"]["content"].at(0),
          root["response"]["output"].at(0), root["response"]["output"].at(0)["content"].at(0)}) {
      const json::Value text = holder[member];
      const bool copy = done || root["type"].text() == "response.completed";
      if (copy && text.is(json::Type::kString)) read.copies.emplace_back(text.text());
    }
  }
  return read;
}

// Fails unless all copies are the pieces; returns them.
std::string PassText(const std::vector<std::string>& pieces, bool call) {
  ResponseWriter writer;
  writer.Begin();
  call ? writer.Call(pieces) : writer.Message(pieces);
  writer.Complete();
  CAPTURE(pieces);
  const auto caller = Pass({writer.bytes()});
  if (!caller.ok()) FAIL(caller.status());
  const Read read = ReadItem(*caller, call ? "arguments" : "text");
  CHECK(read.copies.size() == (call ? 3 : 4));
  for (const std::string& copy : read.copies) CHECK(copy == read.joined);
  return read.joined;
}

const char* const kTexts[] = {
    "card 4111 1111 1111 1111, SSN 536-90-4399.",
    "mail jane@example.org or john@x.io; tel. +1 415 555 2671",
    "the key is AKIAIOSFODNN7EXAMPL2 and ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "4111111111111111",
    "id-4111111111111111",
    "SSNs: 536-90-4399, 536-90-4398, 536-90-4397",
    "a,b\n4111 1111 1111 1111,\\u0034111 1111 1111 1111\nDE89 3704 0044 0532 0130",
    "h\xc3\xa9llo \xf0\x9f\x98\x80 4111-1111-1111-1111",
    "password: hunter2!Xy9 end"};

TEST_CASE("A response's copies equal its pieces, wherever the text is cut", "[adversarial]") {
  for (const char* text : kTexts) {
    const std::vector<std::string> characters = Characters(text);
    const std::string whole = PassText({text}, false);
    CHECK(PassText(characters, false) == whole);
    for (std::size_t cut = 1; cut < characters.size(); ++cut) {
      std::string pieces[2];
      for (std::size_t i = 0; i < characters.size(); ++i) pieces[i < cut ? 0 : 1] += characters[i];
      REQUIRE(PassText({pieces[0], pieces[1]}, false) == whole);
    }
  }
}

TEST_CASE("A response's copies are masked at all", "[adversarial]") {
  CHECK(PassText({"card 4111 1111", " 1111 1111"}, false) == "card <CREDIT_CARD>");
}

TEST_CASE("A call's copies equal its pieces, and stay JSON", "[adversarial]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (const char* text : kTexts) {
    const std::string arguments =
        absl::StrCat("{\"to\":", json::Quote(text), ",\"n\":4111111111111111}");
    const std::string whole = PassText({arguments}, true);
    CHECK(json::Document::Parse(whole).ok());
    for (int round = 0; round < 10; ++round) {
      std::vector<std::string> pieces;
      for (const std::string& character : Characters(arguments)) {
        if (pieces.empty() || random() % 4 == 0) pieces.emplace_back();
        pieces.back() += character;
      }
      REQUIRE(PassText(pieces, true) == whole);
    }
  }
}

}  // namespace
}  // namespace countersign::integration
