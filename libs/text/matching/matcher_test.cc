#include "libs/text/matching/matcher.h"

#include <catch2/catch.hpp>
#include <map>
#include <optional>
#include <random>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/text/unicode/normalize.h"
#include "libs/text/unicode/word_edges.h"

namespace countersign::text::matching {
namespace {

MatchTerm Keyword(std::string text, View view = View::kRaw, std::uint32_t id = 1) {
  return {std::move(text), false, view, id};
}
MatchTerm Pattern(std::string text, View view = View::kRaw, std::uint32_t id = 1) {
  return {std::move(text), true, view, id};
}

std::shared_ptr<const Matcher> Compiled(const std::vector<MatchTerm>& terms) {
  auto matcher = Matcher::Compile(terms);
  INFO(matcher.status());
  REQUIRE(matcher.ok());
  return *matcher;
}

// The text of the first hit of a single term; "-" if none.
std::string Found(const MatchTerm& term, const std::string& text) {
  const auto hits = Compiled({term})->Scan(text);
  REQUIRE(hits.ok());
  if (hits->empty()) return "-";
  REQUIRE(hits->size() == 1);
  return text.substr((*hits)[0].begin, (*hits)[0].end - (*hits)[0].begin);
}

std::string CompileError(const MatchTerm& term) {
  const auto matcher = Matcher::Compile({term});
  REQUIRE(matcher.status().code() == absl::StatusCode::kInvalidArgument);
  return std::string(matcher.status().message());
}

TEST_CASE("Matcher: a keyword is found at word boundaries", "[matcher]") {
  const MatchTerm term = Keyword("atlas");
  CHECK(Found(term, "project atlas.") == "atlas");
  CHECK(Found(term, "atlas") == "atlas");
  CHECK(Found(term, "(atlas)") == "atlas");
  CHECK(Found(term, "|atlas|") == "atlas");
  CHECK(Found(term, "atlases and my atlas") == "atlas");
  CHECK(Found(term, "atlases") == "-");
  CHECK(Found(term, "atlas_2") == "-");
  CHECK(Found(term, "pratlas") == "-");
  CHECK(Found(term, "éatlas") == "-");
  CHECK(Found(term, "Atlas") == "-");
  CHECK(Found(term, "") == "-");
}

TEST_CASE("Matcher: a combining mark before a keyword does not hide it", "[matcher]") {
  CHECK(Found(Keyword("atlas", View::kUnicode), "my \u0301atlas") == "atlas");
  CHECK(Found(Keyword("atlas", View::kUnicode), "\u0336atlas") == "atlas");
  CHECK(Found(Keyword("atlas", View::kUnicode), "x\u0301atlas") == "-");
}

TEST_CASE("Matcher: an edge that is not a letter needs no word boundary", "[matcher]") {
  CHECK(Found(Keyword(".env"), "cat x.env") == ".env");
  CHECK(Found(Keyword("C++"), "use C++17") == "C++");
  CHECK(Found(Keyword("$$$"), "a$$$b") == "$$$");
}

TEST_CASE("Matcher: scripts without spaces have boundaries everywhere", "[matcher]") {
  CHECK(Found(Keyword("机密"), "这是机密文件") == "机密");
  CHECK(Found(Keyword("비밀"), "이것은 비밀을 담은 문서") == "비밀");
  CHECK(Found(Keyword("ความลับ"), "นี่คือความลับของเรา") == "ความลับ");
}

TEST_CASE("Matcher: white space inside a keyword is any white space", "[matcher]") {
  const View view = GENERATE(View::kRaw, View::kCaseless, View::kUnicode);
  const MatchTerm term = Keyword(" top  secret plan ", view);
  CHECK(Found(term, "a top secret plan") == "top secret plan");
  CHECK(Found(term, "a top\n\t secret\u00a0\u2003plan.") == "top\n\t secret\u00a0\u2003plan");
  CHECK(Found(term, "a topsecret plan") == "-");
  CHECK(Found(Keyword("a b", view), "x a\r\n\r\nb y") == "a\r\n\r\nb");
}

TEST_CASE("Matcher: the views differ in the disguises they recognise", "[matcher]") {
  CHECK(Found(Keyword("Straße"), "STRAẞE") == "-");
  CHECK(Found(Keyword("Straße", View::kCaseless), "in der STRAẞE") == "STRAẞE");
  CHECK(Found(Keyword("ПРИВЕТ", View::kCaseless), "ну привет") == "привет");
  CHECK(Found(Keyword("istanbul", View::kCaseless), "in İSTANBUL") == "İSTANBUL");
  CHECK(Found(Keyword("İstanbul", View::kCaseless), "in istanbul") == "istanbul");
  CHECK(Found(Keyword("secret", View::kCaseless), "sec\u200bret") == "-");
  CHECK(Found(Keyword("secret", View::kUnicode), "SEC\u200bRET") == "SEC\u200bRET");
}

// Evasions that the unicode view recognises, and some that it does not.
TEST_CASE("Matcher: disguised keywords that are found", "[matcher]") {
  const MatchTerm term = Keyword("secret", View::kUnicode);
  for (const char* text : {
           "SeCrEt",                                      // case
           "ｓｅｃｒｅｔ",                                // full width
           "𝐬𝐞𝐜𝐫𝐞𝐭",                                      // mathematical bold
           "ⓢⓔⓒⓡⓔⓣ",                                      // circled
           "ˢᵉᶜʳᵉᵗ",                                      // superscript
           "ſecret",                                      // long s
           "s\u200be\u200cc\u200dr\u2060e\ufefft",        // zero width
           "se\u00adcret",                                // soft hyphen
           "se\u202ec\u2066ret",                          // bidi controls
           "s\ufe0fe\ufe0fcret",                          // variation selectors
           "s\U000e0041ecret",                            // tag characters
           "ѕесrеt",                                      // Cyrillic look-alikes
           "s\u0336e\u0336c\u0336r\u0336e\u0336t\u0336",  // overlay
           "s\u0301\u0302\u0303e\u0308c\u0327ret",        // stacked marks
           "śéćŕét",                                      // composed marks
           "ꜱᴇᴄʀᴇᴛ",                                      // small capitals
           "🅢🅔🅒🅡🅔🅣",                                      // white on black, in circles
           "🆂🅴🅲🆁🅴🆃",                                      // in squares
           "🄢🄔🄒🄡🄔🄣",                                      // in parentheses
           "⒮⒠⒞⒭⒠⒯",                                      // the same, small
           "ȿeƈɾɇŧ",                                      // with hooks and strokes
           "ᏚᎬᏟᎡᎬᎢ",                                      // Cherokee
           "Տеcrеt",                                      // an Armenian capital
       }) {
    INFO(text);
    CHECK(Found(term, std::string("my ") + text + " plan") == text);
    CHECK(Found(Keyword(text, View::kUnicode), "my secret plan") == "secret");
  }
  CHECK(Found(Keyword("سر كبير", View::kUnicode), "هذا ســر كـبير جدا") == "ســر كـبير");
  CHECK(Found(Keyword("modem-10", View::kUnicode), "a rnodern\u2011lO b") == "rnodern\u2011lO");
  CHECK(Found(Keyword("room 41", View::kUnicode), "room ٤١") == "room ٤١");
}

TEST_CASE("Matcher: disguised keywords that are not found", "[matcher]") {
  const MatchTerm term = Keyword("secret", View::kUnicode);
  for (const char* text : {"s3cr3t", "s e c r e t", "s.e.c.r.e.t", "terces", "c2VjcmV0", "frperg",
                           "%73ecret", "sécr*t"}) {
    INFO(text);
    CHECK(Found(term, std::string("my ") + text + " plan") == "-");
  }
  CHECK(Found(Keyword("collision", View::kUnicode), "colIision") == "-");
}

TEST_CASE("Matcher: keywords with digits and signs in place of letters", "[matcher]") {
  const MatchTerm term = Keyword("Secret list", View::kLeet);
  CHECK(Found(term, "my $3CR3T  l1st now") == "$3CR3T  l1st");
  CHECK(Found(term, "my secret lists") == "-");
  CHECK(Found(Keyword("leet", View::kLeet), "call 1337 or 1ee7") ==
        "1ee7");                                            // a number is not a word
  CHECK(Found(Keyword("eat", View::kLeet), "34t") == "-");  // too short to tell
}

TEST_CASE("Matcher: keywords whose letters are spaced out", "[matcher]") {
  const MatchTerm term = Keyword("Secret", View::kJoined);
  for (const char* const text : {"s e c r e t", "s.e.c.r.e.t", "S-E-C-R-E-T", "sec\nret",
                                 "s_e_c_r_e_t", "s\u200b e c r ѕ\u0336"}) {
    INFO(text);
    const bool is_other = std::string(text).find("ѕ") != std::string::npos;
    CHECK(Found(term, absl::StrCat("a ", text, ".")) == (is_other ? "-" : text));
  }
  CHECK(Found(term, "these cretins") == "-");  // not at a word start
  CHECK(Found(term, "s          e          c          r          e          t") == "-");
  CHECK(Found(Keyword("atlas", View::kJoined), "a t l a s") == "-");  // too short to tell
}

TEST_CASE("Matcher: short keywords are not found in digits that look like them", "[matcher]") {
  CHECK(Found(Keyword("LO", View::kUnicode), "there are 10 of them") == "-");
  CHECK(Found(Keyword("LO", View::kUnicode), "ＬО") == "ＬО");
  CHECK(Found(Keyword("BP", View::kUnicode), "bp") == "bp");
}

TEST_CASE("Matcher: a look-alike of two letters is not split", "[matcher]") {
  CHECK(Found(Keyword("nail", View::kUnicode), "mail") == "-");
  CHECK(Found(Keyword("film", View::kUnicode), "a ﬁlm") == "ﬁlm");
}

TEST_CASE("Matcher: patterns keep their own characters in every view", "[matcher]") {
  CHECK(Found(Pattern("PRJ-[0-9]{4}"), "see PRJ-1234.") == "PRJ-1234");
  CHECK(Found(Pattern("PRJ-[0-9]{4}"), "see prj-1234.") == "-");
  CHECK(Found(Pattern("PRJ-[A-Z]{2}", View::kCaseless), "see prj-ab.") == "prj-ab");
  CHECK(Found(Pattern("(?i)\\bdrop\\s+table\\b", View::kUnicode), "DRＯP \n tаble x") ==
        "DRＯP \n tаble");
  CHECK(Found(Pattern("modem [0-9]{2}", View::kUnicode), "a MODEM 10") == "MODEM 10");
  CHECK(Found(Pattern("[A-Z]{3}[0-9]+", View::kUnicode), "x аbс٤١") == "аbс٤١");
  CHECK(Found(Pattern("сек[а-я]+т", View::kUnicode), "СЕК\u200bРЕТ") == "СЕК\u200bРЕТ");
}

TEST_CASE("Matcher: the word edges of a pattern in another script are edges of its words",
          "[matcher]") {
  for (const View view : {View::kRaw, View::kCaseless, View::kUnicode}) {
    const MatchTerm term = Pattern("(?i)\\bпароль\\b", view);
    for (const char* text : {"мой пароль тут", "пароль", "«пароль»", "пароль: x", "1 Пароль!"}) {
      CAPTURE(text);
      CHECK(Found(term, text) != "-");
    }
    for (const char* text : {"суперпароль", "парольщик", "xпароль", "пароль_2", "пароля"}) {
      CAPTURE(text);
      CHECK(Found(term, text) == "-");
    }
  }
  // In each alternative, and within a pattern where the characters beside them imply them.
  for (const View view : {View::kRaw, View::kUnicode}) {
    const MatchTerm any = Pattern("(?i)\\bпароль\\b|\\bключ\\b\\s*[:=]|foo\\s+бар\\b", view);
    for (const char* text : {"мой Пароль тут", "КЛЮЧ : x", "«ключ=x", "xfoo бар.", "Foo Бар"}) {
      CAPTURE(text);
      CHECK(Found(any, text) != "-");
    }
    for (const char* text : {"парольщик", "ключи: x", "суперключ=x", "foo барин", "ключ"}) {
      CAPTURE(text);
      CHECK(Found(any, text) == "-");
    }
  }
  // Refused in files; a stored one keeps its meaning, ASCII's edges.
  CHECK(Found(Pattern("\\bдом\\b.+\\bключ\\b"), "наш дом, xключ.") == "-");
  CHECK(Found(Pattern("x\\bключ\\b"), "наш xключ.") != "-");
  // A longer match at the same place that ends within a word does not hide the shorter one.
  CHECK(Found(Pattern("\\bпароль[а-я]?\\b"), "мой пароль тут") == "пароль");
  CHECK(Found(Pattern("\\bпароль"), "парольщик") == "пароль");
}

TEST_CASE("Matcher: a pattern's span extends to the longest match with the same start",
          "[matcher]") {
  CHECK(Found(Pattern("a+b+"), "xaaabbbx") == "aaabbb");
  CHECK(Found(Pattern("[0-9]{3,6}"), "n 12345 m") == "12345");
  CHECK(Found(Pattern("\\bkey=\\w+\\b"), "the key=abc_1;") == "key=abc_1");
  CHECK(Found(Pattern("x.{2,5}y"), "x中文y") == "x中文y");
}

TEST_CASE("Matcher: every id is returned once, with the hit that ends first", "[matcher]") {
  const auto matcher =
      Compiled({Keyword("late", View::kRaw, 7), Keyword("EARLY", View::kUnicode, 7),
                Pattern("[0-9]+", View::kRaw, 3), Keyword("none", View::kRaw, 5),
                Keyword("late", View::kCaseless, 9)});
  const auto hits = matcher->Scan("early 42 late late 43");
  REQUIRE(hits.ok());
  REQUIRE(hits->size() == 3);
  CHECK((*hits)[0].id == 3);
  CHECK((*hits)[0].begin == 6);
  CHECK((*hits)[1].id == 7);
  CHECK((*hits)[1].end == 5);
  CHECK((*hits)[2].id == 9);
  CHECK((*hits)[2].begin == 9);
}

TEST_CASE("Matcher: invalid terms are refused with the term and the reason", "[matcher]") {
  CHECK(CompileError(Pattern("a(b")).find("pattern \"a(b\": at byte") == 0);
  CHECK(CompileError(Pattern("a(?=b)")).find("pattern \"a(?=b)\": at byte 1") == 0);
  CHECK(CompileError(Pattern("a*")).find("empty") != std::string::npos);
  CHECK(CompileError(Keyword("")).find("keyword \"\": the keyword is empty") == 0);
  CHECK(CompileError(Keyword("\u200b\u00ad", View::kUnicode)).find("the keyword is empty") !=
        std::string::npos);
  CHECK(CompileError(Keyword("\xff")).find("not UTF-8") != std::string::npos);
}

TEST_CASE("Matcher: without terms nothing is found, and invalid UTF-8 is refused", "[matcher]") {
  const auto matcher = Compiled({});
  CHECK(matcher->Scan("anything")->empty());
  CHECK(matcher->Scan("\xff").status().code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("Matcher: all of thousands of long words are found", "[matcher]") {
  // The literal compiler of Hyperscan 5.4.0 fails on such sets.
  std::mt19937 random(20240901);
  std::vector<MatchTerm> terms;
  for (std::uint32_t i = 0; i < 3000; ++i) {
    std::string word = "w" + std::to_string(i);
    const std::size_t size = 5 + random() % 60;
    while (word.size() < size) word += static_cast<char>('a' + random() % 26);
    terms.push_back(Keyword(word, static_cast<View>(i % 3), i));
  }
  std::string text;
  for (const MatchTerm& term : terms) text += term.text + ", ";
  const auto hits = Compiled(terms)->Scan(text);
  REQUIRE(hits.ok());
  REQUIRE(hits->size() == terms.size());
  for (const MatchHit& hit : *hits) {
    REQUIRE(text.substr(hit.begin, hit.end - hit.begin) == terms[hit.id].text);
  }
}

// The definition: a substring whose form equals the keyword's form, starting and ending between
// characters (with their marks) and at word boundaries; of several the one that ends first, then
// the one that starts last.
std::optional<MatchHit> NaiveKeyword(const MatchTerm& term, const std::string& text) {
  const auto form_of = [&](const std::string& part) {
    return term.view == View::kRaw ? part
           : term.view == View::kCaseless
               ? unicode::Normalizer::For(unicode::Form::kCaseless).Apply(part).text()
               : unicode::Normalizer::For(unicode::Form::kSkeleton).Apply(part).text();
  };
  const auto is_place = [&](std::size_t at) {
    if (at == 0 || at == text.size()) return true;
    if ((static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) return false;
    const std::string rest = text.substr(at);
    const bool attached = rest.rfind("\u0301", 0) == 0 || rest.rfind("\u200b", 0) == 0;
    return !(attached && term.view == View::kUnicode);
  };
  const std::string wanted = form_of(term.text);
  for (std::size_t end = 1; end <= text.size(); ++end) {
    if (!is_place(end) || !unicode::IsWordEdge(text, end)) continue;
    for (std::size_t begin = end; begin-- > 0;) {
      if (!is_place(begin) || !unicode::IsWordEdge(text, begin)) continue;
      if (form_of(text.substr(begin, end - begin)) == wanted) return MatchHit{term.id, begin, end};
    }
  }
  return std::nullopt;
}

TEST_CASE("Matcher: random keywords are found as defined", "[matcher]") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const std::vector<std::string> letters = {"a", "b", "A", "m",  "rn", "1",
                                            "l", "é", "с", "中", "-"};
  const std::vector<std::string> noise = {" ", " ", ".", "\u0301", "\u200b", "a", "b", "c"};
  for (int round = 0; round < 150; ++round) {
    std::vector<MatchTerm> terms;
    for (std::uint32_t id = 0; id < 6; ++id) {
      std::string word = "b";
      for (std::size_t i = 4 + random() % 2; i > 0; --i) word += letters[random() % letters.size()];
      terms.push_back(Keyword(word + "a", static_cast<View>(random() % 3), id));
    }
    const auto matcher = Compiled(terms);
    for (int texts = 0; texts < 8; ++texts) {
      std::string text;
      for (std::size_t i = random() % 14; i > 0; --i) {
        const std::size_t kind = random() % 4;
        if (kind == 0) text += terms[random() % terms.size()].text;
        if (kind == 1) text += letters[random() % letters.size()];
        if (kind >= 2) text += noise[random() % noise.size()];
      }
      const auto hits = matcher->Scan(text);
      REQUIRE(hits.ok());
      std::map<std::uint32_t, MatchHit> found;
      for (const MatchHit& hit : *hits) found[hit.id] = hit;
      for (const MatchTerm& term : terms) {
        INFO("\"" << term.text << "\" view " << static_cast<int>(term.view) << " in \"" << text
                  << "\"");
        const auto expected = NaiveKeyword(term, text);
        REQUIRE(found.count(term.id) == (expected ? 1 : 0));
        if (!expected) continue;
        REQUIRE(found[term.id].begin == expected->begin);
        REQUIRE(found[term.id].end == expected->end);
      }
    }
  }
}

TEST_CASE("Matcher: random patterns match like std::regex, with the first end", "[matcher]") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const std::vector<std::string> atoms = {"a", "b", "[ab]", "[^a]", "c", "(?:ab|c)", "(?:a|bc)"};
  const std::vector<std::string> repeats = {"", "", "+", "{2}", "{1,3}", "?"};
  for (int round = 0; round < 120; ++round) {
    std::string pattern = "a";
    for (std::size_t i = 1 + random() % 4; i > 0; --i) {
      pattern += atoms[random() % atoms.size()] + repeats[random() % repeats.size()];
    }
    const auto matcher = Compiled({Pattern(pattern)});
    const std::regex reference(pattern);
    for (int texts = 0; texts < 10; ++texts) {
      std::string text;
      for (std::size_t i = random() % 10; i > 0; --i) text += "abcd"[random() % 4];
      INFO(pattern << " in " << text);
      std::optional<MatchHit> expected;
      for (std::size_t end = 1; end <= text.size() && !expected; ++end) {
        for (std::size_t begin = 0; begin < end && !expected; ++begin) {
          if (!std::regex_match(text.substr(begin, end - begin), reference)) continue;
          expected = MatchHit{1, begin, end};
        }
      }
      if (expected) {
        for (std::size_t end = expected->end; end <= text.size(); ++end) {
          const std::string part = text.substr(expected->begin, end - expected->begin);
          if (std::regex_match(part, reference)) expected->end = end;
        }
      }
      const auto hits = matcher->Scan(text);
      REQUIRE(hits.ok());
      REQUIRE(hits->empty() == !expected.has_value());
      if (!expected) continue;
      REQUIRE((*hits)[0].begin == expected->begin);
      REQUIRE((*hits)[0].end == expected->end);
    }
  }
}

TEST_CASE("Matcher: many threads scan at once", "[matcher]") {
  const auto matcher =
      Compiled({Keyword("needle", View::kUnicode, 1), Pattern("x[0-9]+", View::kRaw, 2),
                Keyword("nadel", View::kCaseless, 3)});
  const std::string text = std::string(2000, ' ') + "a NЕEDLE, NADEL x123";
  const auto expected = matcher->Scan(text);
  REQUIRE(expected->size() == 3);
  std::vector<int> wrong(8);
  std::vector<std::thread> threads;
  for (int& errors : wrong) {
    threads.emplace_back([&] {
      for (int round = 0; round < 300; ++round) {
        const auto hits = matcher->Scan(text);
        if (!hits.ok() || hits->size() != 3 || (*hits)[0].begin != (*expected)[0].begin) ++errors;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int errors : wrong) CHECK(errors == 0);
}

}  // namespace
}  // namespace countersign::text::matching
