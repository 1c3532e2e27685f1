// Random streams: no secret is sent, whatever an upstream sends, and only errors end a stream
// early.

#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/dialects/openai/stream_answer.h"
#include "libs/dialects/testing/literal_masking.h"
#include "libs/json/document.h"

namespace countersign::dialects::openai {
namespace {

// Builds streams whose texts, concatenated per choice and member, are full of SECRET and of its
// prefixes, in all spellings that JSON allows.
class StreamMaker {
 public:
  explicit StreamMaker(std::mt19937& random) : random_(random) {}

  std::string Make() {
    std::string stream;
    const int events = static_cast<int>(Below(12));
    for (int i = 0; i < events; ++i) absl::StrAppend(&stream, Event(), Pick({"\n\n", "\r\n\r\n"}));
    return absl::StrCat(stream, "data: {\"choices\":[",
                        Below(2) == 0 ? R"({"index":0,"delta":{},"finish_reason":"stop"})" : "",
                        "]}\n\ndata: [DONE]\n\n");
  }

 private:
  std::size_t Below(std::size_t n) { return random_() % n; }
  std::string Pick(std::vector<std::string> of) { return of[Below(of.size())]; }

  std::string Text() {
    std::string text;
    for (std::size_t i = Below(4); i > 0; --i) {
      text += Pick({"SEC", "RET", "SECRET", "S", "ECRE", "T", " ", "x", R"(\u0053EC)",
                    R"(R\u0045T)", "caf\xc3\xa9", R"(\n)"});
    }
    return absl::StrCat("\"", text, "\"");
  }
  std::string Delta() {
    switch (Below(6)) {
      case 0: return absl::StrCat(R"("refusal":)", Text());
      case 1: return absl::StrCat(R"("thought":)", Text());
      case 2: return absl::StrCat(R"("deep":{"er":)", Text(), "}");
      case 3:
        return absl::StrCat(R"("tool_calls":[{"index":)", Below(2), R"(,"function":{"arguments":)",
                            Text(), "}}]");
      case 4: return absl::StrCat(R"("content":)", Text(), R"(,"refusal":)", Text());
      default: return absl::StrCat(R"("content":)", Text());
    }
  }
  std::string Event() {
    if (Below(8) == 0) return ": SECRET comment";
    const std::string beside =
        Below(4) == 0 ? absl::StrCat(R"(,"note":[)", Text(), R"(,{"k":)", Text(), "}]") : "";
    const std::string logprobs = Below(4) == 0
                                     ? absl::StrCat(R"(,"logprobs":{"content":[{"token":)", Text(),
                                                    R"(},{"token":)", Text(), "}]}")
                                     : "";
    return absl::StrCat(Below(6) == 0 ? "event: SECRET\n" : "",
                        "data: {\"choices\":[{\"index\":", Below(2), ",\"delta\":{", Delta(), "}",
                        logprobs, ",\"finish_reason\":null}]", beside, "}");
  }

  std::mt19937& random_;
};

struct Passed {
  std::string caller;
  absl::Status status;  // why it ended before the stream did
};

Passed Pass(StreamAnswer& stream, const std::string& bytes, std::mt19937& random) {
  testing::LiteralMasking masking;
  Passed passed;
  const auto release = [&](absl::StatusOr<std::vector<domain::FieldPiece>> asked) {
    if (!asked.ok()) return asked.status();
    const auto deliveries = stream.Release(masking.Apply(*asked));
    if (!deliveries.ok()) return deliveries.status();
    for (const Delivery& delivery : *deliveries) passed.caller += delivery.bytes;
    return absl::OkStatus();
  };
  for (std::size_t at = 0; at < bytes.size() && passed.status.ok();) {
    const std::size_t size = random() % 40 + 1;
    passed.status = release(stream.Feed(absl::string_view(bytes).substr(at, size)));
    at += size;
  }
  if (passed.status.ok()) passed.status = release(stream.Finish());
  return passed;
}

// Joins texts as a caller's program does: by their place, ignoring event boundaries.
class Reassembled {
 public:
  void Add(const json::Value& value, const std::string& place) {
    if (value.is(json::Type::kString)) absl::StrAppend(&texts_[place], value.text());
    for (std::size_t i = 0; i < value.size(); ++i) {
      const bool object = value.is(json::Type::kObject);
      const auto index = value.at(i)["index"].integer();
      Add(value.at(i), absl::StrCat(place, "/", object ? value.key(i) : "",
                                    object ? "" : absl::StrCat(index.value_or(-1))));
    }
  }
  // Complete texts, one per event, are not joined; they are checked separately.
  bool Leaks() const {
    for (const auto& [place, text] : texts_) {
      const bool continues =
          absl::StartsWith(place, "/choices/") &&
          (absl::StrContains(place, "/delta/") || absl::StrContains(place, "/logprobs/"));
      if (continues && absl::StrContains(text, "SECRET")) return true;
    }
    return false;
  }

 private:
  std::map<std::string, std::string> texts_;
};

bool HoldsSecret(const json::Value& value) {
  if (absl::StrContains(value.text(), "SECRET")) return true;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (HoldsSecret(value.at(i))) return true;
  }
  return false;
}

// Requires that the delivered bytes are whole events of strict JSON, and that no text of them has a
// secret. True when the final marker is among them.
bool RequireNoSecret(const std::string& caller) {
  REQUIRE(!absl::StrContains(caller, "SECRET"));
  sse::Parser parser(1 << 20);
  std::vector<sse::Event> events;
  REQUIRE(parser.Feed(caller, events).ok());
  parser.Finish(events);
  REQUIRE(parser.empty());
  Reassembled texts;
  bool whole = false;
  for (const sse::Event& event : events) {
    const bool done = event.has_data && absl::StripAsciiWhitespace(event.data) == "[DONE]";
    whole |= done;
    if (!event.has_data || done) continue;
    const auto document = json::Document::Parse(event.data);
    REQUIRE(document.ok());
    REQUIRE(!HoldsSecret(document->root()));
    texts.Add(document->root(), "");
  }
  REQUIRE(!texts.Leaks());
  return whole;
}

TEST_CASE("StreamAnswer: no secret is sent, whole or in pieces, at any place", "[dialects]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  int done = 0;
  for (int round = 0; round < 1000; ++round) {
    const std::string bytes = StreamMaker(random).Make();
    StreamAnswer stream({});
    const Passed passed = Pass(stream, bytes, random);
    done += absl::EndsWith(passed.caller, "data: [DONE]\n\n");
    CAPTURE(bytes, passed.caller);
    RequireNoSecret(passed.caller);
  }
  CHECK(done > 900);  // otherwise the streams above test too little
}

TEST_CASE("StreamAnswer: damaged streams end in errors and leak nothing", "[dialects]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  int broken = 0;
  for (int round = 0; round < 2000; ++round) {
    std::string bytes = StreamMaker(random).Make();
    for (int i = 0; i < 4; ++i) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
      if (random() % 2 == 0) bytes.erase(random() % bytes.size(), random() % 8);
    }
    StreamAnswer stream({});
    const Passed passed = Pass(stream, bytes, random);
    CAPTURE(bytes, passed.caller, passed.status);
    const bool whole = RequireNoSecret(passed.caller);
    // Either the final marker was sent, or the reader reports an error.
    REQUIRE(whole == passed.status.ok());
    if (!whole) {
      ++broken;
      REQUIRE((absl::IsUnavailable(passed.status) || absl::IsFailedPrecondition(passed.status)));
    }
  }
  CHECK(broken > 200);  // otherwise the damage had no effect
}

}  // namespace
}  // namespace countersign::dialects::openai
