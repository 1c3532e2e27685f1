#include "libs/dialects/lone_surrogates.h"

#include <catch2/catch.hpp>

#include "libs/json/document.h"

namespace countersign::dialects {
namespace {

std::string Mended(std::string json) {
  for (const std::size_t at : LoneSurrogates(json)) ReplaceSurrogate(json, at);
  return json;
}

TEST_CASE("LoneSurrogates: halves without their other half, and no others", "[edge]") {
  for (const char* whole :
       {R"("\ud83d\ude00")", R"("\uD83D\uDE00")", R"("\\ud83d")", R"("\u00e9 \n\\\u0041")",
        R"({"k\ud83d\ude00":[1,"\\\\ud83d"]})", R"("")", "\"\xF0\x9F\x98\x80\""}) {
    CHECK(LoneSurrogates(whole).empty());
  }
  CHECK(Mended(R"("a\ud83d")") == R"("a\ufffd")");
  CHECK(Mended(R"("\ude00b")") == R"("\ufffdb")");
  CHECK(Mended(R"("\uDE00\uD83D")") == R"("\ufffd\ufffd")");
  CHECK(Mended(R"("\ud83d\ud83d\ude00")") == R"("\ufffd\ud83d\ude00")");
  CHECK(Mended(R"("\\\ud83d\n")") == R"("\\\ufffd\n")");
  CHECK(Mended(R"({"\udc00":"\ud800x\udc00"})") == R"({"\ufffd":"\ufffdx\ufffd"})");
}

TEST_CASE("LoneSurrogates: what is cut off or no JSON at all does no harm", "[edge]") {
  for (const char* odd : {"\\", "\\u", "\\ud8", "\\ud83", "\"\\ud83d", "\\ud83d\\", "\\ud83d\\ude0",
                          "\\u d83", "\\u0xd8", "\\ud8\n3d"}) {
    const std::string mended = Mended(odd);
    CHECK(mended.size() == std::string(odd).size());
  }
}

TEST_CASE("LoneSurrogates: without them a document is strict JSON", "[edge]") {
  const std::string json = R"({"a":"\ud83d","b":["\ude00",{"c":"\ud83d\ude00 \udbff"}]})";
  CHECK(!json::Document::Parse(json).ok());
  CHECK(json::Document::Parse(Mended(json)).ok());
}

}  // namespace
}  // namespace countersign::dialects
