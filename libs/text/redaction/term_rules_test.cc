#include "libs/text/redaction/term_rules.h"

#include <catch2/catch.hpp>
#include <random>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "libs/base/utf8.h"

namespace countersign::text::redaction {
namespace {

std::shared_ptr<const RuleSet> RulesFor(const std::vector<std::string>& terms,
                                        TermFolding folding = TermFolding::kUnicode) {
  std::vector<RedactionRule> rules = TermRules(terms, folding).value();
  for (RedactionRule& rule : rules) {
    rule.entity = "term";
    rule.replacement = "#";
  }
  auto compiled = RuleSet::Compile(std::move(rules));
  INFO(compiled.status());
  REQUIRE(compiled.ok());
  return *std::move(compiled);
}

// Feeds the text in pieces of `size` bytes; does not check what is held.
std::string InPieces(const std::shared_ptr<const RuleSet>& rules, absl::string_view text,
                     std::size_t size) {
  RedactionStream stream(rules);
  std::string released;
  std::vector<RedactedSpan> spans;
  for (std::size_t at = 0; at < text.size(); at += size) {
    REQUIRE(stream.Feed(text.substr(at, size), false, &released, &spans).ok());
  }
  REQUIRE(stream.Feed("", true, &released, &spans).ok());
  return released;
}

std::string Masked(const std::vector<std::string>& terms, absl::string_view text,
                   TermFolding folding = TermFolding::kUnicode) {
  const auto rules = RulesFor(terms, folding);
  const std::string whole = RedactWhole(rules, text)->text;
  for (const std::size_t size : {1, 2, 3, 7}) CHECK(InPieces(rules, text, size) == whole);
  return whole;
}

TEST_CASE("TermRules: a term is a word, in any case", "[redaction][terms]") {
  CHECK(Masked({"Anna"}, "Anna, ANNA; annas Susanna anna_ (anna)") ==
        "#, #; annas Susanna anna_ (#)");
  CHECK(Masked({".net"}, "ASP.NET .nets", TermFolding::kCaseless) == "ASP# .nets");
  CHECK(Masked({"Anna"}, "Anna anna", TermFolding::kExact) == "# anna");
}

TEST_CASE("TermRules: case beyond ASCII", "[redaction][terms]") {
  for (const TermFolding folding : {TermFolding::kCaseless, TermFolding::kUnicode}) {
    CHECK(Masked({"Élodie"}, "élodie ÉLODIE", folding) == "# #");
    CHECK(Masked({"Анна"}, "АННА анна", folding) == "# #");
    CHECK(Masked({"ΟΔΥΣΣΕΥΣ"}, "Οδυσσευς οδυσσευσ", folding) == "# #");
  }
  CHECK(Masked({"Élodie"}, "élodie Élodie", TermFolding::kExact) == "élodie #");
}

TEST_CASE("TermRules: white space between words is any white space", "[redaction][terms]") {
  const std::string spaced =
      "Anna Lee|Anna  Lee|Anna\nLee|Anna\r\n\t Lee|Anna\u00A0Lee|Anna\u3000Lee|Anna\u2028Lee|"
      "Anna\u0085Lee|AnnaLee|Anna-Lee";
  const std::string expected = "#|#|#|#|#|#|#|#|AnnaLee|Anna-Lee";
  for (const TermFolding folding :
       {TermFolding::kExact, TermFolding::kCaseless, TermFolding::kUnicode}) {
    CHECK(Masked({"Anna Lee"}, spaced, folding) == expected);
    CHECK(Masked({"  Anna\t\u00A0 Lee "}, spaced, folding) == expected);
  }
  CHECK(Masked({"a b"}, absl::StrCat("a", std::string(16, ' '), "b")) == "#");
  const std::string far = absl::StrCat("a", std::string(17, ' '), "b");
  CHECK(Masked({"a b"}, far) == far);
  const std::string endless = "a" + std::string(200'000, '\n');
  CHECK(Masked({"a b"}, endless) == endless);
}

TEST_CASE("TermRules: accents may be composed or not, and may be missing", "[redaction][terms]") {
  const std::string ways = "José Jose\u0301 JOSÉ JOSE\u0301 Jose Josè";
  CHECK(Masked({"José"}, ways) == "# # # # # Josè");
  CHECK(Masked({"Jose\u0301"}, ways) == "# # # # # Josè");
  CHECK(Masked({"José"}, ways, TermFolding::kCaseless) == "# Jose\u0301 # JOSE\u0301 Jose Josè");
  // A single letter is not a term with an accent, even if one follows later.
  CHECK(Masked({"Jose"}, "José Jose\u0301") == "José #\u0301");
  CHECK(Masked({"Ngô Đình Diệm"},
               "NGÔ ĐÌNH DIỆM Ngo\u0302 Đi\u0300nh Die\u0323\u0302m Ngo Đinh Diem") == "# # #");
  // Marks that make a different letter are not accents.
  CHECK(Masked({"が"}, "か か\u3099 が") == "か # #");
  CHECK(Masked({"Åse"}, "\u212Bse A\u030Ase Ase") == "# # #");
}

TEST_CASE("TermRules: sharp s is ss", "[redaction][terms]") {
  CHECK(Masked({"Weißkopf"}, "Weißkopf WEISSKOPF weisskopf WEI\u1E9EKOPF Weiskopf") ==
        "# # # # Weiskopf");
  CHECK(Masked({"Strasse"}, "straße STRASSE") == "# #");
  CHECK(Masked({"Strasse"}, "straße STRASSE", TermFolding::kCaseless) == "straße #");
}

TEST_CASE("TermRules: disguises are recognised in terms and in texts", "[redaction][terms]") {
  const std::string disguised = "Ａｎｎａ Lee an\u200Bna\u00A0𝐋ee anna lee";
  CHECK(Masked({"Anna Lee"}, disguised) == "# # #");
  CHECK(Masked({"Ａｎ\u00ADｎａ\u3000Lee"}, disguised) == "# # #");
}

TEST_CASE("TermRules: terms within terms are found, empty terms are ignored",
          "[redaction][terms]") {
  CHECK(Masked({"Anna", "Anna Lee", "Lee", ""}, "Anna Lee; Lee Anna") == "#; # #");
  CHECK(TermRules({}, TermFolding::kUnicode)->empty());
  CHECK(TermRules({"", " \t", "\u200B"}, TermFolding::kUnicode)->empty());
}

TEST_CASE("TermRules: a match starts and ends with the term's own characters",
          "[redaction][terms]") {
  // Without its accent the edge is ASCII, which has a neighbour condition.
  CHECK(Masked({"Élan"}, "Elan xElan") == "# xElan");
  CHECK(Masked({"café"}, "cafe cafes") == "# cafes");
}

// Every term of a random list is found wherever it stands alone, and nothing else is masked.
TEST_CASE("TermRules: random terms are found where a search for each finds them",
          "[redaction][terms]") {
  const unsigned seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  const auto pick = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  const std::string alphabet = "aAbc -.";
  const auto word = [&](std::size_t longest) {
    std::string text;
    for (std::size_t n = 1 + pick(longest); n > 0; --n) text += alphabet[pick(alphabet.size())];
    return text;
  };
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> terms;
    std::vector<std::string> needles;  // in text with single spaces
    for (std::size_t n = 1 + pick(12); n > 0; --n) {
      terms.push_back(word(5));
      std::string needle = absl::AsciiStrToLower(terms.back());
      absl::RemoveExtraAsciiWhitespace(&needle);
      if (!needle.empty()) needles.push_back(needle);
    }
    std::string text = word(30);
    absl::RemoveExtraAsciiWhitespace(&text);
    const std::string lower = absl::AsciiStrToLower(text);
    std::vector<bool> hidden(text.size() + 1);
    std::vector<bool> joined(text.size() + 1);  // with the byte before it
    const auto is_word = [&](std::size_t i) {
      return i < lower.size() && regex::IsWordByte(static_cast<unsigned char>(lower[i]));
    };
    for (const std::string& needle : needles) {
      for (std::size_t at = 0; (at = lower.find(needle, at)) != std::string::npos; ++at) {
        const std::size_t end = at + needle.size();
        if (is_word(at) && is_word(at - 1)) continue;
        if (is_word(end - 1) && is_word(end)) continue;
        for (std::size_t i = at; i < end; ++i) hidden[i] = true;
        for (std::size_t i = at + 1; i < end; ++i) joined[i] = true;
      }
    }
    std::string expected;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (!hidden[i]) expected += text[i];
      if (hidden[i] && !joined[i]) expected += '#';
    }
    CAPTURE(terms, text);
    CHECK(Masked(terms, text, TermFolding::kCaseless) == expected);
    CHECK(Masked(terms, text, TermFolding::kUnicode) == expected);
  }
}

TEST_CASE("TermRules: every character can be a term, in every folding", "[redaction][terms]") {
  for (const TermFolding folding :
       {TermFolding::kExact, TermFolding::kCaseless, TermFolding::kUnicode}) {
    std::vector<std::string> terms;
    // Characters with case, compositions, compatibility forms and other special properties.
    for (const auto& [first, last] : {std::pair{0x21U, 0x33FFU},
                                      {0xA640U, 0xABFFU},
                                      {0xD700U, 0xD7FFU},
                                      {0xF900U, 0xFFFFU},
                                      {0x10400U, 0x10440U},
                                      {0x1D400U, 0x1D4FFU}}) {
      for (std::uint32_t c = first; c <= last; ++c) terms.push_back(EncodeUtf8(c));
    }
    CHECK(TermRules(terms, folding)->size() == 1);
  }
}

TEST_CASE("TermRules: terms share prefixes and suffixes", "[redaction][terms]") {
  std::vector<std::string> terms;
  for (char a = 'a'; a <= 'z'; ++a) {
    for (char b = 'a'; b <= 'z'; ++b)
      terms.push_back(absl::StrCat("x", std::string(1, a), "-in-common-", std::string(1, b)));
  }
  CHECK(RulesFor(terms)->states() < 80);
}

TEST_CASE("TermRules: 20,000 names fit, and each is found", "[redaction][terms]") {
  const std::vector<std::string> syllables = {"an", "bel", "ca", "dé", "el", "fi", "ga", "son"};
  std::vector<std::string> names;
  for (std::size_t i = 0; i < 20'000; ++i) {
    std::string name = "Mx";
    for (std::size_t n = i; n > 0; n /= 8)
      absl::StrAppend(&name, n % 3 == 0 ? " " : "", syllables[n % 8]);
    names.push_back(std::move(name));
  }
  const auto rules = RulesFor(names);
  CHECK(rules->states() < 200'000);
  std::string text;
  std::string expected;
  for (const std::string& name : names) {
    absl::StrAppend(&text, name, ";");
    expected += "#;";
  }
  CHECK(InPieces(rules, text, 16) == expected);
  CHECK(RedactWhole(rules, text)->text == expected);
}

TEST_CASE("TermRules: too many terms without common parts are refused with bounded memory",
          "[redaction][terms]") {
  std::mt19937 random(1);
  std::vector<std::string> terms(120'000);
  for (std::string& term : terms) {
    for (int i = 0; i < 24; ++i) term += static_cast<char>('a' + random() % 26);
  }
  const auto refused = TermRules(terms, TermFolding::kCaseless);
  CHECK(refused.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(refused.status().message().find("120000 terms") != absl::string_view::npos);
}

}  // namespace
}  // namespace countersign::text::redaction
