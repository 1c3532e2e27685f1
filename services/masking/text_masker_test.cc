#include "services/masking/text_masker.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/json/document.h"
#include "services/masking/profile_compiler.h"

namespace countersign::masking {
namespace {

std::shared_ptr<const text::redaction::RuleSet> Rules() {
  static const auto rules = *CompileEntities({"tier1"});
  return rules;
}

// The released JSON of `pieces`; checks what must hold after every piece.
std::string InPieces(const std::vector<absl::string_view>& pieces,
                     std::vector<domain::MaskedSpan>* spans = nullptr) {
  TextMasker masker(Rules(), TextMasker::Form::kDocument);
  std::string out;
  for (std::size_t i = 0; i <= pieces.size(); ++i) {
    const bool end = i == pieces.size();
    const absl::string_view piece = end ? "" : pieces[i];
    const std::size_t held_before = masker.held();
    domain::FieldRelease release;
    REQUIRE(masker.Feed(piece, end, release).ok());
    if (held_before == 0 && masker.held() == 0 && release.masked.empty()) {
      CHECK(release.text == piece);
    }
    for (domain::MaskedSpan& span : release.masked) {
      REQUIRE(span.end <= release.text.size());
      if (spans != nullptr) {
        span.begin += out.size();
        span.end += out.size();
        spans->push_back(span);
      }
    }
    out += release.text;
  }
  CHECK(masker.held() == 0);
  return out;
}

std::string Masked(absl::string_view json) { return InPieces({json}); }

struct Case {
  std::string in, out;
};

const std::vector<Case>& Cases() {
  static const auto* const cases = new std::vector<Case>{
      {R"({"city":"Paris","n":[1,-2.5e3,true,null,{}],"e":""})", ""},
      {R"({"card":"4111 1111 1111 1111"})", R"({"card":"<CREDIT_CARD>"})"},
      {R"({"card":4111111111111111})", R"({"card":"<CREDIT_CARD>"})"},
      {R"({"card": 4111111111111111 , "x": [4111111111111111]})",
       R"({"card": "<CREDIT_CARD>" , "x": ["<CREDIT_CARD>"]})"},
      {R"({"n":-4111111111111111})", R"({"n":"-<CREDIT_CARD>"})"},
      {R"({"n":4.111111111111111e15,"m":[1.5e3, 41111111111111110E-1 ]})",
       R"({"n":"<CREDIT_CARD>","m":[1.5e3, "<CREDIT_CARD>" ]})"},
      {R"({"n":-4.111111111111111e15,"s":"{\"n\":4.111111111111111e+15}"})",
       R"({"n":"-<CREDIT_CARD>","s":"{\"n\":\"<CREDIT_CARD>\"}"})"},
      {R"({"a":"4111\u0031111\u0020\u0031111 1111"})", R"({"a":"<CREDIT_CARD>"})"},
      {R"({"a":"john\u0040x.io\/\u00e9\n"})", R"({"a":"<EMAIL>\/\u00e9\n"})"},
      {R"({"a":"\\u0034111111111111111"})", R"({"a":"<CREDIT_CARD>"})"},
      {R"({"a":"{\"b\":\"4111\\\\\\\\u00311111111\\u0031111\"}"})",
       R"({"a":"{\"b\":\"<CREDIT_CARD>\"}"})"},
      {R"({"a":"C:\\user\\u00 \\ \\\\ \\u12"})", ""},
      {R"({"a":1} {"b":"a@b.io"}[4111111111111111])",
       R"({"a":1} {"b":"<EMAIL>"}["<CREDIT_CARD>"])"},
      {R"({"a":"x@","b":"y.io"})", ""},
      {R"({"a":"\ud83d\ude00 4111111111111111 \ud83d x \ude00 \ud83d\n"})",
       R"({"a":"\ud83d\ude00 <CREDIT_CARD> \ud83d x \ude00 \ud83d\n"})"},
      {R"({"a":"é😀 \"quoted\" \\ a@b.io"})", R"({"a":"é😀 \"quoted\" \\ <EMAIL>"})"},
      {R"({"536-90-4399":"x"})", R"({"<US_SSN>":"x"})"},
      {R"({"a":"4111 1111","b":"1111 1111"})", ""},
      {R"(["a@b.io", "c@d.io"])", R"(["<EMAIL>", "<EMAIL>"])"},
      {"  4111111111111111", "  \"<CREDIT_CARD>\""},
      // No JSON, or no longer.
      {"see 4111 1111 1111 1111!", "see <CREDIT_CARD>!"},
      {R"({"a": 4111 1111 1111 1111})", R"({"a": <CREDIT_CARD>})"},
      {R"({a@b.io})", "{<EMAIL>}"},
      {R"({"a":trub@x.io})", R"({"a":<EMAIL>})"},
      {R"({"a":1}} a@b.io)", R"({"a":1}} <EMAIL>)"},
      {R"({"a":"4111111111111111)", R"({"a":"<CREDIT_CARD>)"},
      {R"({"a":"4111111111111111\u00)", R"({"a":"<CREDIT_CARD>\u00)"},
      {R"({"a":"\q 4111111111111111 \u12zz"})", R"({"a":"\q <CREDIT_CARD> \u12zz"})"},
      {R"({"a":4111111111111111)", R"({"a":"<CREDIT_CARD>")"},
      {R"({"a":tru)", ""},
      {"", ""},
  };
  return *cases;
}

TEST_CASE("TextMasker: strings, keys and numbers are masked, the rest keeps its spelling",
          "[masking]") {
  for (const Case& each : Cases()) {
    INFO(each.in);
    CHECK(Masked(each.in) == (each.out.empty() ? each.in : each.out));
  }
}

TEST_CASE("TextMasker: every cut and every pair of cuts gives the same", "[masking]") {
  for (const Case& each : Cases()) {
    INFO(each.in);
    const absl::string_view in = each.in;
    const std::string expected = Masked(in);
    for (std::size_t a = 0; a <= in.size(); ++a) {
      for (std::size_t b = a; b <= in.size(); ++b) {
        const std::string out = InPieces({in.substr(0, a), in.substr(a, b - a), in.substr(b)});
        if (out != expected) FAIL("cut at " << a << " and " << b << ": " << out);
      }
    }
    std::vector<absl::string_view> bytes;
    for (std::size_t i = 0; i < in.size(); ++i) bytes.push_back(in.substr(i, 1));
    CHECK(InPieces(bytes) == expected);
  }
}

TEST_CASE("TextMasker: JSON stays JSON", "[masking]") {
  for (const Case& each : Cases()) {
    if (!json::Document::Parse(each.in).ok()) continue;
    INFO(each.in);
    CHECK(json::Document::Parse(Masked(each.in)).ok());
  }
}

TEST_CASE("TextMasker: random documents under random cuts stay JSON and hold no match",
          "[masking]") {
  CHECK(rc::check([](const std::vector<std::uint8_t>& choices, std::uint8_t longest) {
    static const std::vector<std::string> kInside = {
        "4111111111111111", "a@b.io", "\\u0034", "\\n",          "\\\"", "x",
        "\\ud83d\\ude00",   "é",      " ",       "\\u0061@b.io", "\\\\", "1"};
    std::string json = "{";
    for (std::size_t i = 0; i < choices.size(); ++i) {
      if (i > 0) json += i % 2 == 0 ? ", " : ",\n";
      json += "\"k" + std::to_string(i) + "\":";
      if (choices[i] % 5 == 0) {
        json += choices[i] % 2 == 0 ? "4111111111111111 " : "12";
      } else {
        json += '"';
        for (std::size_t n = choices[i] % 7; n > 0; --n) {
          json += kInside[(choices[i] / 7 + n * 5) % kInside.size()];
        }
        json += '"';
      }
    }
    json += "}";
    RC_ASSERT(json::Document::Parse(json).ok());
    const std::string whole = Masked(json);
    RC_ASSERT(json::Document::Parse(whole).ok());
    std::vector<absl::string_view> pieces;
    const std::size_t size = 1 + longest % 20;
    for (std::size_t at = 0; at < json.size(); at += size) {
      pieces.push_back(absl::string_view(json).substr(at, size));
    }
    RC_ASSERT(InPieces(pieces) == whole);
  }));
}

TEST_CASE("TextMasker: spans lie on the released JSON and carry decoded originals", "[masking]") {
  std::vector<domain::MaskedSpan> spans;
  const std::string out =
      InPieces({R"({"a":"x \u0061@b.io", )", R"("n":4111111111111111})"}, &spans);
  CHECK(out == R"({"a":"x <EMAIL>", "n":"<CREDIT_CARD>"})");
  REQUIRE(spans.size() == 2);
  CHECK(spans[0].original == "a@b.io");
  CHECK(out.substr(spans[0].begin, spans[0].end - spans[0].begin) == "<EMAIL>");
  CHECK(spans[1].original == "4111111111111111");
  CHECK(out.substr(spans[1].begin, spans[1].end - spans[1].begin) == "<CREDIT_CARD>");
}

TEST_CASE("TextMasker: what replaces a match is escaped", "[masking]") {
  domain::MaskingProfile profile;
  profile.name = "p";
  domain::MaskingRule& rule = profile.response.emplace_back();
  rule.pattern = "\"[a-z\n]+\"";
  rule.action = domain::MaskingRule::Action::kKeepLast;
  rule.keep = 1;
  const auto compiled = CompileProfile(profile, {}, SecretString("key"));
  REQUIRE(compiled.ok());
  TextMasker masker(compiled->response, TextMasker::Form::kDocument);
  domain::FieldRelease release;
  REQUIRE(masker.Feed(R"({"a":"say \"ab\nc\"."})", true, release).ok());
  CHECK(release.text == R"({"a":"say \"**\nc\"."})");
}

// A profile with a custom pattern.
absl::StatusOr<CompiledProfile> CompilePattern(const std::string& pattern) {
  domain::MaskingProfile profile;
  profile.name = "p";
  domain::MaskingRule& rule = profile.response.emplace_back();
  rule.pattern = pattern;
  rule.label = "WORD";
  return CompileProfile(profile, {}, SecretString("key"));
}

std::string MaskPattern(const std::string& pattern, absl::string_view text) {
  const auto compiled = CompilePattern(pattern);
  INFO(compiled.status());
  REQUIRE(compiled.ok());
  TextMasker masker(compiled->response, TextMasker::Form::kText);
  domain::FieldRelease release;
  REQUIRE(masker.Feed(text, true, release).ok());
  return release.text;
}

TEST_CASE("TextMasker: a custom pattern's word edges know letters of other scripts", "[masking]") {
  const std::string word = "(?i)\\bпароль\\b";
  CHECK(MaskPattern(word, "мой Пароль тут") == "мой <WORD> тут");
  CHECK(MaskPattern(word, "«пароль»") == "«<WORD>»");
  CHECK(MaskPattern(word, "пароль") == "<WORD>");
  CHECK(MaskPattern(word, "xпароль пароля парольщик") == "xпароль пароля парольщик");
  CHECK(MaskPattern(word, "непароль éпароль e\u0301пароль _пароль") ==
        "непароль éпароль e\u0301пароль _пароль");
  CHECK(MaskPattern(word, "—пароль “пароль 码пароль 🔑пароль не\u200Bпароль") ==
        "—<WORD> “<WORD> 码<WORD> 🔑<WORD> не\u200Bпароль");
}

TEST_CASE("TextMasker: word edges in the alternatives of a custom pattern, and within them",
          "[masking]") {
  const std::string words = "(?i)\\bпароль\\b|\\bключ\\b\\s*[:=]\\s*[0-9]+|foo\\s+бар\\b";
  CHECK(MaskPattern(words, "мой Пароль, ключ: 17 и foo бар") == "мой <WORD>, <WORD> и <WORD>");
  CHECK(MaskPattern(words, "парольщик ключи: 17 foo барин") == "парольщик ключи: 17 foo барин");

  // Refused in files; a stored one keeps its meaning, ASCII's edges.
  CHECK(MaskPattern("x\\bбар\\b", "xбар и xбары") == "<WORD> и xбары");
}

TEST_CASE("TextMasker: a word has edges beside scripts that do not space words", "[masking]") {
  const std::string word = "(?i)\\bпароль\\b";
  // Scripts without spaces between words have edges everywhere, on both sides.
  for (const char* other : {"ไทย", "ລາວ", "ខ្មែរ", "မြန်မာ", "中文", "한글"}) {
    CAPTURE(other);
    CHECK(MaskPattern(word, absl::StrCat(other, "пароль", other)) ==
          absl::StrCat(other, "<WORD>", other));
    CHECK(MaskPattern(absl::StrCat("\\b", other, "\\b"), absl::StrCat("a", other, "b")) ==
          "a<WORD>b");
  }
  CHECK(MaskPattern("\\bпароль=\\b", "пароль=x") == "<WORD>x");
  CHECK(MaskPattern("\\bराम\\b", "राम रामायण") == "<WORD> रामायण");
  CHECK(MaskPattern("\\bвід\\b", "від віде відé") == "<WORD> віде відé");
}

TEST_CASE("TextMasker: text is released as soon as it can be", "[masking]") {
  TextMasker masker(Rules(), TextMasker::Form::kDocument);
  domain::FieldRelease release;
  REQUIRE(masker.Feed(R"({"query":"weather in Paris and )", false, release).ok());
  CHECK(release.text == R"({"query":"weather in Paris and )");
  CHECK(masker.held() == 0);
  domain::FieldRelease next;
  REQUIRE(masker.Feed("4111 1111", false, next).ok());
  CHECK(next.text.empty());
  CHECK(masker.held() == 9);
}

TEST_CASE("TextMasker: a number without end fails closed", "[masking]") {
  TextMasker masker(Rules(), TextMasker::Form::kDocument);
  domain::FieldRelease release;
  CHECK(masker.Feed("[" + std::string(5000, '1'), false, release).code() ==
        absl::StatusCode::kResourceExhausted);
}

std::string MaskedText(absl::string_view text, std::size_t step = 0) {
  TextMasker masker(Rules(), TextMasker::Form::kText);
  domain::FieldRelease release;
  for (std::size_t at = 0; step > 0 && at < text.size(); at += step) {
    REQUIRE(masker.Feed(text.substr(at, step), false, release).ok());
  }
  REQUIRE(masker.Feed(step > 0 ? "" : text, true, release).ok());
  CHECK(masker.held() == 0);
  return release.text;
}

TEST_CASE("TextMasker: a text that is a document stays one", "[masking]") {
  CHECK(MaskedText(R"({"card": 4111111111111111, "mail": "a\u0040b.io", "n": 1.50})") ==
        R"({"card": "<CREDIT_CARD>", "mail": "<EMAIL>", "n": 1.50})");
  CHECK(MaskedText(R"([4111111111111111])") == R"(["<CREDIT_CARD>"])");
}

TEST_CASE("TextMasker: prose is not read as a document, whatever it begins with", "[masking]") {
  CHECK(MaskedText("4111111111111111") == "<CREDIT_CARD>");
  CHECK(MaskedText("\"a@b.io\" wrote") == "\"<EMAIL>\" wrote");
  CHECK(MaskedText("[1] a@b.io, [2] 4111 1111 1111 1111") == "[1] <EMAIL>, [2] <CREDIT_CARD>");
  CHECK(MaskedText("[mail](mailto:a@b.io)") == "[mail](mailto:<EMAIL>)");
  CHECK(MaskedText("true or false") == "true or false");
}

TEST_CASE("TextMasker: escapes in prose are resolved for matching and kept elsewhere",
          "[masking]") {
  CHECK(MaskedText(R"(see 4111\u00311111111\\u0031111!)") == "see <CREDIT_CARD>!");
  CHECK(MaskedText(R"(caf\u00e9 \ud83d\ude00 C:\users\x \)") ==
        R"(caf\u00e9 \ud83d\ude00 C:\users\x \)");
  CHECK(MaskedText(R"(john\u0040x.io and \u0061)") == R"(<EMAIL> and \u0061)");
}

TEST_CASE("TextMasker: random texts with documents and escapes do not depend on their cut",
          "[masking]") {
  CHECK(rc::check([](const std::vector<std::uint8_t>& choices, std::uint8_t step) {
    static const std::vector<std::string> kPieces = {"4111111111111111",
                                                     "a@b.io",
                                                     "\\u0034",
                                                     "\\",
                                                     "\"",
                                                     "{",
                                                     "}",
                                                     "[",
                                                     "]",
                                                     ",",
                                                     ":",
                                                     " ",
                                                     "{\"k\":",
                                                     "\"v\"",
                                                     "12",
                                                     "\\\\u0031",
                                                     "u0040",
                                                     "é",
                                                     "true",
                                                     "-1.5e3",
                                                     "x",
                                                     "\n"};
    std::string text;
    for (const std::uint8_t choice : choices) text += kPieces[choice % kPieces.size()];
    RC_ASSERT(MaskedText(text, 1 + step % 7) == MaskedText(text));
    RC_ASSERT(InPieces({text}) == InPieces({text.substr(0, text.size() / 2),
                                            absl::string_view(text).substr(text.size() / 2)}));
  }));
}

TEST_CASE("TextMasker: places say where in the input each span stood", "[masking]") {
  const std::string text = R"(x a@b.io {"n":1} \u0061@b.io c@d.io y)";
  for (std::size_t step : {std::size_t{1}, std::size_t{5}, text.size()}) {
    TextMasker masker(Rules(), TextMasker::Form::kText);
    domain::FieldRelease release;
    std::vector<Replaced> places;
    for (std::size_t at = 0; at < text.size(); at += step) {
      const std::string piece = text.substr(at, step);
      REQUIRE(masker.Feed(piece, at + step >= text.size(), release, &places).ok());
    }
    REQUIRE(places.size() == 3);
    const auto at = [&](int i) {
      return text.substr(places[i].in_begin, places[i].in_end - places[i].in_begin);
    };
    CHECK(at(0) == "a@b.io");
    CHECK(at(1) == R"(\u0061@b.io)");
    CHECK(at(2) == "c@d.io");
  }
}

}  // namespace
}  // namespace countersign::masking
