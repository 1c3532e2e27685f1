// A random upstream that hides a card number in streams of every shape that clients can read: cut
// over events, parts, members, strings and numbers.

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>
#include <random>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "libs/dialects/testing/openai_streams.h"
#include "libs/json/numbers.h"
#include "libs/json/writer.h"

namespace countersign::dialects::openai {
namespace {

using testing::kDone;
using testing::Pass;
using testing::Passed;

// No two digits side by side are equal: equal numbers one after the other are not joined.
constexpr char kCard[] = "4539578763621486";

class Upstream {
 public:
  explicit Upstream(unsigned seed) : random_(seed) {}

  std::string Write() {
    // A shape stays the same for the stream, with holes for the pieces.
    const std::string shape = Shape();
    std::string bytes;
    for (const std::string& piece : Pieces()) {
      if (Below(4) == 0) absl::StrAppend(&bytes, Event(R"("delta":{"content":"so "})"));
      absl::StrAppend(&bytes, Below(5) == 0 ? Shaped(Shape(), piece) : Shaped(shape, piece));
    }
    return bytes + testing::Finished() + kDone;
  }

 private:
  std::size_t Below(std::size_t limit) { return random_() % limit; }

  static std::string Event(const std::string& choice) {
    return absl::StrCat(R"(data: {"choices":[{"index":0,)", choice, "}]}\n\n");
  }

  std::vector<std::string> Pieces() {
    const std::string card = kCard;
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < card.size();) {
      const std::size_t size = 1 + Below(Below(2) == 0 ? 4 : 12);
      pieces.push_back(card.substr(at, size));
      at += size;
    }
    return pieces;
  }

  std::string Name() {
    const char* const names[] = {"content", "refusal",     "text",     "reasoning", "x",    "y",
                                 "summary", "output_text", "thinking", "arguments", "value"};
    return names[Below(std::size(names))];
  }

  std::string Below(const std::string& inner, int depth) {
    if (depth == 0) return inner;
    switch (Below(4)) {
      case 0: return absl::StrCat("[", Below(inner, depth - 1), "]");
      case 1:
        return absl::StrCat(R"([{"type":"text",")", Name(), "\":", Below(inner, depth - 1), "}]");
      default: return absl::StrCat("{\"", Name(), "\":", Below(inner, depth - 1), "}");
    }
  }

  std::string Shape() {
    const std::string value = Below("@", static_cast<int>(Below(3)));
    switch (Below(6)) {
      case 0: return absl::StrCat("data: {\"", Name(), "\":", value, "}\n\n");
      case 1: return absl::StrCat(R"(data: {"type":"x.delta",")", Name(), "\":", value, "}\n\n");
      case 2: return Event(absl::StrCat("\"", Name(), "\":", value));
      case 3:
        return Event(absl::StrCat(R"("delta":{"tool_calls":[{"index":0,"function":{"arguments":)",
                                  value, "}}]}"));
      default: return Event(absl::StrCat(R"("delta":{")", Name(), "\":", value, "}"));
    }
  }

  std::string Shaped(std::string shape, const std::string& piece) {
    const bool number = Below(3) == 0 && piece[0] != '0';
    shape.replace(shape.find('@'), 1, number ? piece : absl::StrCat("\"", piece, "\""));
    return shape;
  }

  std::mt19937 random_;
};

// What a client reads that joins the strings, or also the numbers, of a place: that has the same
// members and arrays, whatever the indexes.
void Read(const json::Value& value, absl::string_view source, const std::string& place,
          std::map<std::string, std::string>& read) {
  if (value.is(json::Type::kString)) {
    absl::StrAppend(&read[place], value.text());
    absl::StrAppend(&read[place + " strings"], value.text());
  } else if (value.is(json::Type::kNumber)) {
    absl::StrAppend(&read[place],
                    json::NumberText(source.substr(value.begin(), value.end() - value.begin())));
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    const std::string step = value.is(json::Type::kObject) ? std::string(value.key(i)) : "[]";
    Read(value.at(i), source, absl::StrCat(place, "/", step), read);
  }
}

TEST_CASE("StreamAnswer: no client reads a card number, however it is hidden in a stream",
          "[dialects]") {
  const char* const given = std::getenv("CS_ADVERSARY_SEED");
  const char* const count = std::getenv("CS_ADVERSARY_STREAMS");
  unsigned seed = std::random_device()();
  std::size_t streams = 400;
  if (given != nullptr) REQUIRE(absl::SimpleAtoi(given, &seed));
  if (count != nullptr) REQUIRE(absl::SimpleAtoi(count, &streams));
  CAPTURE(seed);
  std::size_t failed = 0;
  for (std::size_t i = 0; i < streams; ++i) {
    const std::string bytes = Upstream(seed + static_cast<unsigned>(i)).Write();
    const Passed passed = Pass({bytes});
    failed += passed.status.ok() ? 0 : 1;
    std::map<std::string, std::string> read;
    for (const absl::string_view event : absl::StrSplit(passed.caller, "\n\n")) {
      absl::string_view data = event;
      if (!absl::ConsumePrefix(&data, "data: ")) continue;
      const auto document = json::Document::Parse(data);
      if (!document.ok()) continue;
      // Events of different types are different texts.
      Read(document->root(), data, std::string(document->root()["type"].text()), read);
    }
    for (const auto& [place, text] : read) {
      if (!absl::StrContains(text, kCard)) continue;
      FAIL("stream " << i << ", " << place << ":\n" << bytes << "\nbecame\n" << passed.caller);
    }
  }
  CHECK(failed < streams / 2);  // otherwise nothing is tested
}

}  // namespace
}  // namespace countersign::dialects::openai
