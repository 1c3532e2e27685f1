#include "libs/text/documents/decoded_text.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"

namespace countersign::text::documents {
namespace {

TEST_CASE("DecodeText: nothing for a text without escapes", "[text]") {
  for (const char* text : {"", "plain", "{\"a\":1}", R"(C:\users \)", R"({"a":"x"} \)"}) {
    CAPTURE(text);
    CHECK_FALSE(DecodeText(text).has_value());
  }
}

TEST_CASE("DecodeText: escapes in documents, nested documents and prose are resolved", "[text]") {
  for (const char* text :
       {R"({"q":"drop\ntable"})", R"("drop\ntable")", R"({"q":"\u0064rop \u0074able"})",
        R"({"q":"{\"r\":\"drop\\ntable\"}"})", R"(Here it is: {"q":"drop\ntable"})",
        R"(see dr\u006fp\ttable)", R"([1,"x\\n",{"y":["drop\u0020table"]}])",
        R"({"a":"\\\\\\\\u0064rop table"})", R"(see \u005cu0064rop table)",
        R"(see "\"dr\\u006fp\\u0020t\\u0061ble\"")"}) {
    CAPTURE(text);
    const auto decoded = DecodeText(text);
    REQUIRE(decoded.has_value());
    CAPTURE(decoded->text());
    CHECK((absl::StrContains(decoded->text(), "drop\ntable") ||
           absl::StrContains(decoded->text(), "drop table") ||
           absl::StrContains(decoded->text(), "drop\ttable")));
  }
}

TEST_CASE("DecodeText: invisible control characters are removed", "[text]") {
  const std::string text("a plu\0to\x01nium\x7f!", 15);
  const auto decoded = DecodeText(text);
  REQUIRE(decoded.has_value());
  CHECK(decoded->text() == "a plutonium!");
  const std::size_t begin = decoded->SpelledBegin(2);
  CHECK(text.substr(begin, decoded->SpelledEnd(11) - begin) == text.substr(2, 12));
  CHECK(DecodeText(R"({"a":"plu\u0000tonium"})")->text() == "{ a : plutonium }");
  CHECK_FALSE(DecodeText("tabs\tand\nlines").has_value());
}

TEST_CASE("DecodeText: numbers with exponents become their digits", "[text]") {
  const std::string text = R"({"n":4.111111111111111e15,"m":2e3})";
  const auto decoded = DecodeText(text);
  REQUIRE(decoded.has_value());
  const std::size_t at = decoded->text().find("4111111111111111");
  REQUIRE(at != std::string::npos);
  CHECK(text.substr(decoded->SpelledBegin(at), 20) == "4.111111111111111e15");
  CHECK(text.substr(0, decoded->SpelledEnd(at + 16)) == R"({"n":4.111111111111111e15)");
  CHECK_FALSE(DecodeText("the file e2e and 1e, e5").has_value());
}

TEST_CASE("DecodeOctal: a further reading of texts with octal escapes", "[text]") {
  for (const char* text : {R"(pl\165tonium)", R"(pl\u005c165t\157nium)", R"({"a":"pl\\165tonium"})",
                           R"(pl\134u0075tonium)", R"(p\154uton\u0069um)"}) {
    CAPTURE(text);
    const auto octal = DecodeOctal(text, DecodeText(text));
    REQUIRE(octal.has_value());
    CHECK(absl::StrContains(octal->text(), "plutonium"));
  }
  for (const char* text : {"", "165", R"(\1 \12 \n \377)", R"(p\u006cutonium)"}) {
    CAPTURE(text);
    CHECK_FALSE(DecodeOctal(text, DecodeText(text)).has_value());
  }
  // The reading that keeps a path stays.
  CHECK_FALSE(DecodeText(R"(C:\123)").has_value());
  CHECK(DecodeText(R"(\u0043:\123)")->text() == R"(C:\123)");
}

TEST_CASE("DecodeText: a span maps back to the original text", "[text]") {
  const std::string text = R"({"q":"é p\u006cuto\u006eium!"} x\ny)";
  const auto decoded = DecodeText(text);
  REQUIRE(decoded.has_value());
  const auto spelled = [&](absl::string_view word) {
    const std::size_t at = decoded->text().find(word.data(), 0, word.size());
    REQUIRE(at != std::string::npos);
    const std::size_t begin = decoded->SpelledBegin(at);
    return text.substr(begin, decoded->SpelledEnd(at + word.size()) - begin);
  };
  CHECK(spelled("plutonium") == R"(p\u006cuto\u006eium)");
  CHECK(spelled("n") == R"(\u006e)");
  CHECK(spelled("é") == "é");
  CHECK(spelled("ium!") == "ium!");
  CHECK(spelled("x\ny") == R"(x\ny)");
  CHECK(decoded->SpelledBegin(decoded->text().size()) == text.size());
}

}  // namespace
}  // namespace countersign::text::documents
