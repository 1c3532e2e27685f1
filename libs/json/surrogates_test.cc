#include "libs/json/surrogates.h"

#include <catch2/catch.hpp>

#include "libs/json/document.h"

namespace countersign::json {
namespace {

std::string Repaired(std::string json) {
  for (const std::size_t at : LoneSurrogates(json)) ReplaceSurrogate(json, at);
  return json;
}

TEST_CASE("UnicodeEscapeAt: reads four digits of either case", "[json]") {
  CHECK(UnicodeEscapeAt(R"(\u00e9)", 0) == 0xE9u);
  CHECK(UnicodeEscapeAt(R"(x\uD83dy)", 1) == 0xD83Du);
  for (const char* odd : {"", "\\u", "\\u00e", "\\u00g9", "u00e9", "\\n00e9", "\\u 0e9"}) {
    CHECK_FALSE(UnicodeEscapeAt(odd, 0).has_value());
  }
  CHECK_FALSE(UnicodeEscapeAt(R"(\u00e9)", 7).has_value());
}

TEST_CASE("JoinSurrogates: computes the first and last characters", "[json]") {
  CHECK(JoinSurrogates(0xD800, 0xDC00) == 0x10000);
  CHECK(JoinSurrogates(0xDBFF, 0xDFFF) == 0x10FFFF);
  CHECK(JoinSurrogates(0xD83D, 0xDE00) == 0x1F600);
}

TEST_CASE("LoneSurrogates: finds surrogates without their other half only", "[json]") {
  for (const char* whole :
       {R"("\ud83d\ude00")", R"("\uD83D\uDE00")", R"("\\ud83d")", R"("\u00e9 \n\\\u0041")",
        R"({"k\ud83d\ude00":[1,"\\\\ud83d"]})", R"("")", "\"\xF0\x9F\x98\x80\""}) {
    CHECK(LoneSurrogates(whole).empty());
  }
  CHECK(Repaired(R"("a\ud83d")") == R"("a\ufffd")");
  CHECK(Repaired(R"("\ude00b")") == R"("\ufffdb")");
  CHECK(Repaired(R"("\uDE00\uD83D")") == R"("\ufffd\ufffd")");
  CHECK(Repaired(R"("\ud83d\ud83d\ude00")") == R"("\ufffd\ud83d\ude00")");
  CHECK(Repaired(R"("\\\ud83d\n")") == R"("\\\ufffd\n")");
  CHECK(Repaired(R"({"\udc00":"\ud800x\udc00"})") == R"({"\ufffd":"\ufffdx\ufffd"})");
}

TEST_CASE("LoneSurrogates: truncated input and input that is not JSON are safe", "[json]") {
  for (const char* odd : {"\\", "\\u", "\\ud8", "\\ud83", "\"\\ud83d", "\\ud83d\\", "\\ud83d\\ude0",
                          "\\u d83", "\\u0xd8", "\\ud8\n3d"}) {
    const std::string repaired = Repaired(odd);
    CHECK(repaired.size() == std::string(odd).size());
  }
}

TEST_CASE("LoneSurrogates: without them a document is strict JSON", "[json]") {
  const std::string json = R"({"a":"\ud83d","b":["\ude00",{"c":"\ud83d\ude00 \udbff"}]})";
  CHECK(!json::Document::Parse(json).ok());
  CHECK(json::Document::Parse(Repaired(json)).ok());
}

}  // namespace
}  // namespace countersign::json
