#include "libs/text/unicode/normalize.h"

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "libs/base/utf8.h"
#include "libs/text/unicode/char_folding.h"

namespace countersign::text::unicode {
namespace {

std::string Fold(Form form, const std::string& text) {
  return Normalizer::For(form).Apply(text).text();
}

// The original of `part` of the form of `text`, followed by " whole" or " widened".
std::string Origin(Form form, const std::string& text, const std::string& part) {
  const NormalizedText normalized = Normalizer::For(form).Apply(text);
  const std::size_t begin = normalized.text().find(part);
  REQUIRE(begin != std::string::npos);
  const OriginalSpan span = normalized.Original(begin, begin + part.size());
  return text.substr(span.begin, span.end - span.begin) + (span.whole ? " whole" : " widened");
}

TEST_CASE("Normalizer: each form removes exactly its disguises", "[normalize]") {
  struct Case {
    const char* text;
    const char* caseless;
    const char* compatible;
    const char* folded;
    const char* skeleton;
  };
  for (const Case& c : std::vector<Case>{
           {"Secret 10m", "secret 10m", "secret 10m", "secret 10m", "secret lorn"},
           {"ＳＥＣＲＥＴ", "ｓｅｃｒｅｔ", "secret", "secret", "secret"},
           {"se\u200bc\u00adret", "se\u200bc\u00adret", "secret", "secret", "secret"},
           {"ѕесrеt", "ѕесrеt", "ѕесrеt", "secret", "secret"},
           {"café", "café", "café", "cafe", "cafe"},
           {"cafe\u0301", "cafe\u0301", "café", "cafe", "cafe"},
           {"s\u0336e\u0336c\u0336", "s\u0336e\u0336c\u0336", "s\u0336e\u0336c\u0336", "sec",
            "sec"},
           {"٤١", "٤١", "٤١", "41", "4l"},
           {"a\u2011b\u2013c", "a\u2011b\u2013c", "a\u2010b\u2013c", "a-b-c", "a-b-c"},
           {"a \t\nb", "a b", "a \t\nb", "a \t\nb", "a b"},
           {"ﬁ①", "ﬁ①", "fi1", "fi1", "fil"},
           {"Straße ſ K", "straße s k", "strasse s k", "strasse s k", "strasse s k"},
           {"ꜱᴇᴄʀᴇᴛ", "ꜱᴇᴄʀᴇᴛ", "ꜱᴇᴄʀᴇᴛ", "secret", "secret"},
           {"øłđ", "øłđ", "øłđ", "old", "old"},
           {"ƈɾȿ", "ƈɾȿ", "ƈɾȿ", "crs", "crs"},
           {"βζχьտ", "βζχьտ", "βζχьտ", "bzxbs", "bzxbs"},
           {"“a”", "“a”", "“a”", "\"a\"", "\"a\""},
       }) {
    INFO(c.text);
    CHECK(Fold(Form::kCaseless, c.text) == c.caseless);
    CHECK(Fold(Form::kCompatible, c.text) == c.compatible);
    CHECK(Fold(Form::kFolded, c.text) == c.folded);
    CHECK(Fold(Form::kSkeleton, c.text) == c.skeleton);
  }
}

TEST_CASE("Normalizer: marks that distinguish words of their script stay", "[normalize]") {
  const Form form = GENERATE(Form::kFolded, Form::kSkeleton);
  CHECK(Fold(form, "कि") != Fold(form, "की"));
  CHECK(Fold(form, "กี่") != Fold(form, "ก"));
  CHECK(Fold(form, "بَ") != Fold(form, "ب"));
}

TEST_CASE("Normalizer: spans cover exactly the disguised text", "[normalize]") {
  CHECK(Origin(Form::kSkeleton, "my SE\u200bCRET plan", "secret") == "SE\u200bCRET whole");
  CHECK(Origin(Form::kSkeleton, "my ѕесrеt plan", "secret") == "ѕесrеt whole");
  CHECK(Origin(Form::kSkeleton, "a cafe\u0301 here", "cafe") == "cafe\u0301 whole");
  CHECK(Origin(Form::kCaseless, "drop \n\t table x", "drop table") == "drop \n\t table whole");
  CHECK(Origin(Form::kSpaced, "Top \u00a0\n Secret", "p S") == "p \u00a0\n S whole");
  CHECK(Origin(Form::kCaseless, "x  y", " ") == "   whole");
  CHECK(Origin(Form::kCompatible, "oﬁx", "fi") == "ﬁ whole");
  CHECK(Origin(Form::kCompatible, "oﬁx", "of") == "oﬁ widened");
  CHECK(Origin(Form::kSkeleton, "mail", "nail") == "mail widened");
  CHECK(Origin(Form::kSkeleton, "mail", "rnail") == "mail whole");
}

TEST_CASE("Normalizer: kLeet reads digits and signs as letters, kJoined drops separators",
          "[normalize]") {
  CHECK(Fold(Form::kLeet, "$3CR3T p@55w0rd") == Fold(Form::kLeet, "secret password"));
  CHECK(Fold(Form::kLeet, "b!g b1ll €xtra") == Fold(Form::kLeet, "big bill extra"));
  CHECK(Fold(Form::kLeet, "secret") != Fold(Form::kLeet, "decree"));
  CHECK(Fold(Form::kJoined, "S e-c.r\u200be\n_t!") == "secret");
  CHECK(Fold(Form::kJoined, "д_о м") == Fold(Form::kJoined, "дом"));
  CHECK(Origin(Form::kJoined, "a s.e.c. now", "sec") == "s.e.c whole");
}

TEST_CASE("Normalizer: words written with any look-alike have one skeleton", "[normalize]") {
  const std::string plain = Fold(Form::kSkeleton, "modem 10 collision");
  for (const char* text : {"MODEM 10 COLLISION", "ｍodеm １0 соllisiоn",
                           "mode\u200bm  1o  col\u00adlision", "m\u0332odem 10\ncollision"}) {
    INFO(text);
    CHECK(Fold(Form::kSkeleton, text) == plain);
  }
}

TEST_CASE("Normalizer: a capital I is not an l, since case is folded first", "[normalize]") {
  CHECK(Fold(Form::kSkeleton, "colIision") != Fold(Form::kSkeleton, "collision"));
  CHECK(Fold(Form::kSkeleton, "rnodern lO") == Fold(Form::kSkeleton, "modem 10"));
}

TEST_CASE("Normalizer: normalising whole clusters separately gives the same form", "[normalize]") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const std::vector<std::string> alphabet = {
      "a",  "M", "0",  "é", "e\u0301", "\u0301", "ß", "с", "\u200b", "ﬁ", "한", "\u1100\u1161",
      "中", "٣", "कि", "😀", "\u0336",  "I",      "ſ", "-"};
  for (int round = 0; round < 500; ++round) {
    const Form form = static_cast<Form>(random() % 8);
    std::string text;
    for (std::size_t i = random() % 12; i > 0; --i) text += alphabet[random() % alphabet.size()];
    const NormalizedText normalized = Normalizer::For(form).Apply(text);
    INFO("form " << static_cast<int>(form) << " of \"" << text << "\"");
    REQUIRE(IsUtf8(normalized.text()));
    // Normalising the original of a whole span gives the span.
    for (std::size_t begin = 0; begin < normalized.text().size(); ++begin) {
      for (std::size_t end = begin + 1; end <= normalized.text().size(); ++end) {
        const OriginalSpan span = normalized.Original(begin, end);
        REQUIRE(span.begin < span.end);
        REQUIRE(span.end <= text.size());
        const bool cuts = !IsUtf8(normalized.text().substr(begin, end - begin));
        if (!span.whole || cuts) continue;
        REQUIRE(IsUtf8(text.substr(span.begin, span.end - span.begin)));
        REQUIRE(Fold(form, text.substr(span.begin, span.end - span.begin)) ==
                normalized.text().substr(begin, end - begin));
      }
    }
  }
}

TEST_CASE("Normalizer: the character table agrees with ICU on whole texts", "[normalize]") {
  for (const Form form : {Form::kCompatible, Form::kFolded, Form::kSkeleton}) {
    for (const char* text : {"Zażółć gęślą jaźń", "ΑΒΓ άλφα", "Ёлка йод", "日本語テキスト",
                             "한국어", "ﷺ", "½ ㎏ ℃", "résumé", "Ǆ ǅ", "\u0130\u0131"}) {
      INFO(text);
      std::string squeezed = FoldCluster(form, text);
      CHECK(Fold(form, text) == squeezed);
    }
  }
}

TEST_CASE("Normalizer: a character with any marks agrees with ICU", "[normalize]") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const std::vector<std::string> bases = {"a", "Q",  "é",      "ß",      "ﬁ",     "ω", "ᾳ",
                                          "й", "5",  "-",      "中",     "क",     "ก", "ب",
                                          "א", "한", "\u1100", "\u0301", "\u00a8"};
  const std::vector<std::string> marks = {"\u0301", "\u0327", "\u0336", "\u0345", "\u0308",
                                          "\u20dd", "\u094d", "\u0e34", "\u064e", "\u0651",
                                          "\u05b0", "\u1161", "\u200d", "\ufe0f"};
  const Form form = GENERATE(Form::kCompatible, Form::kFolded, Form::kSkeleton);
  for (int round = 0; round < 2000; ++round) {
    std::string cluster = bases[random() % bases.size()];
    for (std::size_t i = random() % 4; i > 0; --i) cluster += marks[random() % marks.size()];
    INFO("form " << static_cast<int>(form) << " of \"" << cluster << "\"");
    REQUIRE(Fold(form, cluster) == FoldCluster(form, cluster));
  }
}

TEST_CASE("Normalizer: endless marks take linear time", "[normalize]") {
  std::string text = "a";
  for (int i = 0; i < 200'000; ++i) text += i % 2 == 0 ? "\u0316" : "\u0301";
  CHECK(Fold(Form::kSkeleton, text) == "a");
  CHECK_FALSE(Fold(Form::kCompatible, text).empty());
}

TEST_CASE("Normalizer: threads may be the first to use a block at the same time", "[normalize]") {
  std::string text;
  for (const char* script : {"Ⴀ", "Ꭰ", "ᚠ", "ⴰ", "ꙁ", "𐐀", "ᠠ", "ꓐ", "ᓀ", "𐌀"}) text += script;
  std::vector<std::string> results(8);
  std::vector<std::thread> threads;
  for (std::string& result : results) {
    threads.emplace_back([&] { result = Fold(Form::kFolded, text); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& result : results) CHECK(result == results[0]);
}

TEST_CASE("Normalizer: controls beyond ASCII and interlinear marks are left out", "[unicode]") {
  for (const Form form : {Form::kCompatible, Form::kFolded, Form::kSkeleton}) {
    const NormalizedText text = Normalizer::For(form).Apply("dr\u0081op\u009f t\uFFF9able\uFFFB");
    CHECK(text.text() == "drop table");
  }
}

}  // namespace
}  // namespace countersign::text::unicode
