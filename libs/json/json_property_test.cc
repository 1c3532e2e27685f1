// Property tests of Document and Quote against a byte-by-byte reference implementation.

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/json/document.h"
#include "libs/json/testing/reference_json.h"
#include "libs/json/writer.h"

namespace countersign::json {
namespace {

using testing::ReferenceParse;
using testing::ReferenceQuote;
using testing::ReferenceValue;

// Random documents with every type, white space everywhere and every kind of escape.
class DocumentMaker {
 public:
  explicit DocumentMaker(std::mt19937& random) : random_(random) {}

  std::string Make(int depth) {
    const std::size_t kind = random_() % (depth > 0 ? 8 : 5);
    if (kind < 2) return Pick({"null", "true", "false", "0", "-1.5e3", "9007199254740993", "1E-2"});
    if (kind < 5) return String();
    const bool object = kind == 7;
    std::string out(object ? "{" : "[");
    const std::size_t size = random_() % (random_() % 20 == 0 ? 40 : 4);
    for (std::size_t i = 0; i < size; ++i) {
      if (i > 0) out += ",";
      absl::StrAppend(&out, Space());
      if (object)
        absl::StrAppend(&out, ReferenceQuote(absl::StrCat("k", i, Pick({"", "\""}))), Space(), ":");
      absl::StrAppend(&out, Space(), Make(depth - 1), Space());
    }
    return out + (object ? "}" : "]");
  }

 private:
  std::string Pick(const std::vector<std::string>& of) { return of[random_() % of.size()]; }
  std::string Space() { return Pick({"", "", "", " ", "\n", "\t\r "}); }
  std::string String() {
    std::string out = "\"";
    for (std::size_t i = random_() % 8; i > 0; --i) {
      out +=
          Pick({"a", " plain text of some length ", R"(\n)", R"(\\)", R"(\")", R"(\/)", R"(\u0041)",
                R"(\ud83d\ude00)", R"(\u0000)", "\xc3\xa9", "\xf0\x9f\x98\x80", "{", "]", ":,"});
    }
    return out + "\"";
  }

  std::mt19937& random_;
};

void RequireSame(const Value& value, const ReferenceValue& expected, const std::string& source) {
  REQUIRE(value.begin() == expected.begin);
  REQUIRE(value.end() == expected.end);
  REQUIRE(value.size() == expected.children.size());
  switch (expected.type) {
    case 'n': REQUIRE(value.is(Type::kNull)); break;
    case 't': REQUIRE(value.boolean() == true); break;
    case 'f': REQUIRE(value.boolean() == false); break;
    case '0': REQUIRE(value.number() == std::strtod(expected.text.c_str(), nullptr)); break;
    case '"': REQUIRE(value.text() == expected.text); break;
    case '[': REQUIRE(value.is(Type::kArray)); break;
    default: REQUIRE(value.is(Type::kObject));
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (expected.type == '{') {
      REQUIRE(value.key(i) == expected.keys[i]);
      REQUIRE(value[expected.keys[i]].begin() == expected.children[i].begin);
    }
    RequireSame(value.at(i), expected.children[i], source);
  }
}

TEST_CASE("Document: reads random documents as the reference does", "[json]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 2000; ++round) {
    const std::string source = absl::StrCat(" ", DocumentMaker(random).Make(6), "\n");
    CAPTURE(source);
    const auto expected = ReferenceParse(source, Limits().max_depth);
    REQUIRE(expected.has_value());
    const auto document = Document::Parse(source);
    REQUIRE(document.ok());
    RequireSame(document->root(), *expected, source);
  }
}

TEST_CASE("Document: refuses exactly the damaged documents that the reference refuses", "[json]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  int refused = 0;
  for (int round = 0; round < 5000; ++round) {
    std::string source = DocumentMaker(random).Make(4);
    static constexpr absl::string_view kBytes("\"\\{}[]:,u0d\x80\xc3\xff\n\0 -e.", 21);
    for (std::size_t i = random() % 3; i > 0; --i) {
      const std::size_t at = random() % source.size();
      if (random() % 3 == 0) source.erase(at, 1 + random() % 3);
      if (source.empty()) source = "x";
      source[random() % source.size()] = kBytes[random() % kBytes.size()];
    }
    CAPTURE(source);
    const auto expected = ReferenceParse(source, Limits().max_depth);
    const auto document = Document::Parse(source);
    REQUIRE(document.ok() == expected.has_value());
    if (document.ok()) RequireSame(document->root(), *expected, source);
    refused += !document.ok();
  }
  CHECK(refused > 500);  // otherwise the damage was ineffective
}

TEST_CASE("Document: accepts the maximum depth and refuses more", "[json]") {
  for (const std::size_t limit : {1u, 8u, 64u}) {
    Limits limits;
    limits.max_depth = limit;
    for (std::size_t depth = 1; depth <= limit + 2; ++depth) {
      for (const char* brackets : {"[]", "{}"}) {
        std::string source;
        for (std::size_t i = 0; i + 1 < depth; ++i) source += brackets[0] == '[' ? "[" : "{\"k\":";
        source += brackets;
        for (std::size_t i = 0; i + 1 < depth; ++i) source += brackets[1];
        CAPTURE(limit, depth, source);
        CHECK(Document::Parse(source, limits).ok() == (depth <= limit));
      }
    }
  }
}

TEST_CASE("Document: alternating small and large documents do not affect each other", "[json]") {
  const std::string large = absl::StrCat("[\"", std::string(100'000, 'x'), "\",1]");
  for (int round = 0; round < 3; ++round) {
    CHECK(Document::Parse(large)->root().at(1).integer() == 1);
    CHECK_FALSE(Document::Parse(large + "]").ok());
    const auto kept = Document::Parse("{\"a\":\"first\"}");
    CHECK(Document::Parse("[2]")->root().at(0).integer() == 2);
    CHECK_FALSE(Document::Parse("[2").ok());
    CHECK(kept->root()["a"].text() == "first");
  }
  for (const std::size_t size : {16383u, 16384u, 16385u}) {
    const std::string source = absl::StrCat("\"", std::string(size - 2, 'y'), "\"");
    CHECK(Document::Parse(source)->root().text().size() == size - 2);
  }
}

TEST_CASE("Document: finds duplicates among many keys", "[json]") {
  for (const int count : {15, 16, 17, 100}) {
    std::string source = "{";
    for (int i = 0; i < count; ++i) absl::StrAppend(&source, i > 0 ? "," : "", "\"k", i, "\":", i);
    CHECK(Document::Parse(source + "}")->root()["k14"].integer() == 14);
    for (const int twice : {0, count - 1}) {
      CHECK_FALSE(Document::Parse(absl::StrCat(source, ",\"k", twice, "\":0}")).ok());
    }
  }
}

TEST_CASE("Quote: equals the reference for every byte at every place", "[json]") {
  for (std::size_t size = 1; size <= 20; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string text(size, 'a');
        text[at] = static_cast<char>(byte);
        if (Quote(text) == ReferenceQuote(text)) continue;
        CAPTURE(size, at, byte);
        FAIL("Quote differs from the reference");
      }
    }
  }
}

TEST_CASE("Quote: random texts equal the reference and read back", "[json]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (std::size_t i = random() % 60; i > 0; --i) {
      static const std::vector<std::string> kPieces{"a",
                                                    "\"",
                                                    "\\",
                                                    "\n",
                                                    "\x01",
                                                    "\x1f",
                                                    "\x7f",
                                                    "\xc3\xa9",
                                                    "some longer run of text",
                                                    "\xf0\x9f\x98\x80"};
      text += kPieces[random() % kPieces.size()];
    }
    const std::string quoted = Quote(text);
    REQUIRE(quoted == ReferenceQuote(text));
    REQUIRE(Document::Parse(quoted)->root().text() == text);
  }
}

TEST_CASE("Writer: numbers read back as the same value", "[json]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 2000; ++round) {
    const auto integer = static_cast<std::int64_t>(random()) >> (random() % 64);
    const double number =
        std::ldexp(static_cast<double>(integer), static_cast<int>(random() % 200) - 100);
    Writer writer;
    writer.BeginArray().Int(integer).Number(number).EndArray();
    CAPTURE(writer.str());
    const auto document = Document::Parse(writer.str());
    REQUIRE(document.ok());
    REQUIRE(document->root().at(0).integer() == integer);
    REQUIRE(document->root().at(1).number() == number);
  }
}

}  // namespace
}  // namespace countersign::json
