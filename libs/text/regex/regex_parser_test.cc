#include "libs/text/regex/regex_parser.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "libs/text/regex/automaton.h"

namespace countersign::text::regex {
namespace {

// Whether `pattern` matches all of `text` between the bytes `before` and `after` (-1: the edge of
// the text).
bool Matches(absl::string_view pattern, absl::string_view text, int before = -1, int after = -1) {
  const auto regex = ParseRegex(pattern);
  INFO(pattern << " " << regex.status());
  REQUIRE(regex.ok());
  const auto automaton = BuildAutomaton(*regex);
  INFO(automaton.status());
  REQUIRE(automaton.ok());
  const auto allows = [](const Neighbour& allowed, int byte) {
    return byte < 0 ? allowed.edge : allowed.bytes.Contains(static_cast<unsigned char>(byte));
  };
  std::set<std::uint32_t> active;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    std::set<std::uint32_t> next;
    if (i == 0) {
      for (const auto& edge : automaton->first) {
        if (allows(edge.neighbour, before)) next.insert(edge.state);
      }
    }
    for (const std::uint32_t state : active) {
      next.insert(automaton->followers[state].begin(), automaton->followers[state].end());
    }
    active.clear();
    for (const std::uint32_t state : next) {
      if (automaton->bytes[state].Contains(byte)) active.insert(state);
    }
  }
  for (const auto& edge : automaton->last) {
    if (active.count(edge.state) > 0 && allows(edge.neighbour, after)) return true;
  }
  return false;
}

std::string ParseError(absl::string_view pattern) {
  const auto regex = ParseRegex(pattern);
  INFO(pattern);
  REQUIRE_FALSE(regex.ok());
  REQUIRE(regex.status().code() == absl::StatusCode::kInvalidArgument);
  return std::string(regex.status().message());
}

bool StartsWith(const std::string& text, const std::string& start) {
  return text.compare(0, start.size(), start) == 0;
}

TEST_CASE("ParseRegex: literals, groups, alternation and repeats", "[regex]") {
  CHECK(Matches("abc", "abc"));
  CHECK_FALSE(Matches("abc", "abd"));
  CHECK(Matches("a(b|cd)e", "acde"));
  CHECK_FALSE(Matches("a(?:b|cd)e", "abcde"));
  CHECK(Matches("ab?c", "ac"));
  CHECK(Matches("ab*c", "abbbbc"));
  CHECK(Matches("ab+c", "abc"));
  CHECK_FALSE(Matches("ab+c", "ac"));
  CHECK(Matches("a{3}", "aaa"));
  CHECK_FALSE(Matches("a{3}", "aaaa"));
  CHECK(Matches("a{2,}", "aaaaa"));
  CHECK_FALSE(Matches("a{2,}", "a"));
  CHECK(Matches("a{2,4}", "aaaa"));
  CHECK_FALSE(Matches("a{2,4}", "aaaaa"));
  CHECK(Matches("(ab?){2,3}", "aab"));
  CHECK(Matches("a(|b)c", "ac"));
  CHECK(Matches("a+?b", "aab"));
  CHECK(Matches("xa{0}y", "xy"));
  CHECK(Matches("(a*b*){2}c", "bac"));
}

TEST_CASE("ParseRegex: classes, escapes and the dot", "[regex]") {
  CHECK(Matches("[a-c1-]+", "ab1-c"));
  CHECK_FALSE(Matches("[a-c]", "d"));
  CHECK(Matches("[^a-c]", "d"));
  CHECK(Matches("[^a-c]", "é"));
  CHECK_FALSE(Matches("[^a-c]", "b"));
  CHECK(Matches(R"(\d\w\s)", "1_ "));
  CHECK(Matches(R"(\D\W\S)", "a-b"));
  CHECK_FALSE(Matches(R"(\d)", "٤"));
  CHECK(Matches(R"([\d.]+)", "1.2"));
  CHECK(Matches(R"(\x41\x{e9}\t\.\-\\)", "Aé\t.-\\"));
  CHECK(Matches(R"([\]\-\\]+)", "]-\\"));
  CHECK(Matches("a.c", "a€c"));
  CHECK(Matches("a.c", "a😀c"));
  CHECK_FALSE(Matches("a.c", "a\nc"));
  CHECK(Matches("]}", "]}"));
}

TEST_CASE("ParseRegex: non-ASCII code points match as a whole", "[regex]") {
  CHECK(Matches("né", "né"));
  CHECK(Matches("é{2}", "éé"));
  CHECK_FALSE(Matches("é{2}", "é\xA9"));
  CHECK(Matches("[à-ü]+", "éàü"));
  CHECK_FALSE(Matches("[à-ü]", "ý"));
  CHECK(Matches("[€😀x]", "😀"));
  CHECK(Matches(R"([\x{800}-\x{10FFFF}])", "￼"));
  CHECK_FALSE(Matches(R"([^\x{4e00}-\x{9fff}])", "中"));
  CHECK(Matches(R"([^\x{4e00}-\x{9fff}])", "あ"));
}

TEST_CASE("ParseRegex: a class matches exactly the code points of its ranges", "[regex]") {
  const auto encode = [](std::uint32_t c) {
    std::string out;
    if (c < 0x80) {
      out += static_cast<char>(c);
    } else if (c < 0x800) {
      out += static_cast<char>(0xC0 | (c >> 6));
    } else if (c < 0x10000) {
      out += static_cast<char>(0xE0 | (c >> 12));
      out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    } else {
      out += static_cast<char>(0xF0 | (c >> 18));
      out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
      out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    }
    if (c >= 0x80) out += static_cast<char>(0x80 | (c & 0x3F));
    return out;
  };
  const auto regex = ParseRegex(R"([\x{7a}-\x{833}\x{fff0}-\x{1f612}])");
  REQUIRE(regex.ok());
  const auto automaton = BuildAutomaton(*regex);
  REQUIRE(automaton.ok());
  for (std::uint32_t c = 1; c < 0x20000; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    std::vector<std::uint32_t> active;
    const std::string text = encode(c);
    for (std::size_t i = 0; i < text.size(); ++i) {
      std::vector<std::uint32_t> next;
      const auto step = [&](std::uint32_t state) {
        if (automaton->bytes[state].Contains(static_cast<unsigned char>(text[i]))) {
          next.push_back(state);
        }
      };
      if (i == 0) {
        for (const auto& edge : automaton->first) step(edge.state);
      }
      for (const std::uint32_t from : active) {
        for (const std::uint32_t state : automaton->followers[from]) step(state);
      }
      active = next;
    }
    bool accepted = false;
    for (const auto& edge : automaton->last) {
      for (const std::uint32_t state : active) accepted = accepted || state == edge.state;
    }
    const bool member = (c >= 0x7A && c <= 0x833) || (c >= 0xFFF0 && c <= 0x1F612);
    if (accepted != member) FAIL("U+" << std::hex << c);
  }
}

TEST_CASE("ParseRegex: (?i) folds case within its group", "[regex]") {
  CHECK(Matches("(?i)drop", "DrOp"));
  CHECK(Matches("(?i)[a-c]+", "AbC"));
  CHECK_FALSE(Matches("(?i)[^a]", "A"));
  CHECK(Matches("(?i)é", "É"));
  CHECK(Matches("(?i)straße", "STRAßE"));
  CHECK(Matches("(?i)k", "\u212A"));
  CHECK(Matches("a(?i:b)c", "aBc"));
  CHECK_FALSE(Matches("a(?i:b)c", "aBC"));
  CHECK(Matches("a((?i)b|c)d", "aCd"));
  CHECK_FALSE(Matches("a((?i)b|c)d", "aCD"));
  CHECK_FALSE(Matches("drop", "DROP"));
}

TEST_CASE("ParseRegex: word edges hold anywhere in a pattern", "[regex]") {
  CHECK(Matches(R"(\bcat\b)", "cat"));
  CHECK(Matches(R"(\bcat\b)", "cat", ' ', '.'));
  CHECK_FALSE(Matches(R"(\bcat\b)", "cat", 'x', '.'));
  CHECK_FALSE(Matches(R"(\bcat\b)", "cat", ' ', 's'));
  CHECK(Matches(R"(\Bcat)", "cat", 'x'));
  CHECK_FALSE(Matches(R"(\Bcat)", "cat", -1));
  CHECK(Matches(R"(\b-x)", "-x", 'a'));
  CHECK_FALSE(Matches(R"(\b-x)", "-x", ' '));
  CHECK_FALSE(Matches(R"(\b-x)", "-x"));
  CHECK(Matches(R"(a\b.b)", "a-b"));
  CHECK_FALSE(Matches(R"(a\b.b)", "a_b"));
  CHECK(Matches(R"(a\b.b)", "aéb"));
  CHECK(Matches(R"(a(\b|x)-?b)", "a-b"));
  CHECK_FALSE(Matches(R"(a(\b|x)-?b)", "ab"));
  CHECK(Matches(R"(drop\s+table\b)", "drop  table", 'x', ';'));
}

TEST_CASE("ParseRegex: a refusal names the position and the reason", "[regex]") {
  CHECK(ParseError("abc(?=x)") == "at byte 3: look-around is not supported");
  CHECK(ParseError("(?<!a)b") == "at byte 0: look-around is not supported");
  CHECK(ParseError(R"((a)\1)") == "at byte 3: back-references are not supported");
  CHECK(StartsWith(ParseError("^a"), "at byte 0: anchors are not supported"));
  CHECK(StartsWith(ParseError("a$"), "at byte 1: anchors are not supported"));
  CHECK(StartsWith(ParseError(R"(a\z)"), "at byte 1: anchors"));
  CHECK(StartsWith(ParseError("(?P<n>a)"), "at byte 0: named groups"));
  CHECK(StartsWith(ParseError("(?s)a"), "at byte 0: of the (?…) forms"));
  CHECK(ParseError("a(b") == "at byte 1: the group is not closed");
  CHECK(StartsWith(ParseError("ab)"), "at byte 2: unmatched ')'"));
  CHECK(ParseError("x[a-c") == "at byte 1: the class is not closed");
  CHECK(StartsWith(ParseError("[]a]"), "at byte 0: an empty class"));
  CHECK(ParseError("[z-a]") == "at byte 1: the range is in the wrong order");
  CHECK(StartsWith(ParseError(R"([\d-z])"), "at byte 1: a range cannot begin with a class"));
  CHECK(ParseError("[[:alpha:]]") == "at byte 1: [:posix:] classes are not supported");
  CHECK(StartsWith(ParseError("*a"), "at byte 0: nothing to repeat"));
  CHECK(StartsWith(ParseError("a{,3}"), "at byte 1: expected {n}"));
  CHECK(StartsWith(ParseError("a{x}"), "at byte 1: expected {n}"));
  CHECK(ParseError("a{3,2}") == "at byte 1: the bounds of the repeat are in the wrong order");
  CHECK(ParseError("a{10001}") == "at byte 1: a repeat of more than 10000");
  CHECK(ParseError("a++") == "at byte 2: possessive repeats are not supported");
  CHECK(StartsWith(ParseError("a{2}{3}"), "at byte 4: a repeat of a repeat"));
  CHECK(ParseError(R"(a\b+)") == "at byte 3: a word edge cannot be repeated");
  CHECK(StartsWith(ParseError("a\\"), "at byte 1: a backslash at the end"));
  CHECK(StartsWith(ParseError(R"(\p{L})"), "at byte 0: \\p{…}"));
  CHECK(ParseError(R"(\q)") == "at byte 0: \\q is not supported");
  CHECK(StartsWith(ParseError(R"(\xZZ)"), "at byte 0: expected \\xHH"));
  CHECK(ParseError(R"(\x{110000})") == "at byte 0: not a Unicode code point");
  CHECK(ParseError("a\xff") == "at byte 1: the pattern is not valid UTF-8");
  CHECK(StartsWith(ParseError(absl::string_view("a\0b", 3)), "at byte 1: a NUL byte"));
}

TEST_CASE("ParseRegex: the caps on size and depth hold", "[regex]") {
  CHECK(StartsWith(ParseError("ab(c{200}){200}"), "at byte 2: the repeats expand to 40000 states"));
  CHECK(StartsWith(ParseError("((((a{9999}){9999}){9999}){9999}){9999}"), "at byte"));
  CHECK(StartsWith(ParseError(std::string(300, '(') + std::string(300, ')')),
                   "at byte 101: groups nested deeper than 100"));
  CHECK(StartsWith(ParseError(std::string(9000, 'a')), "at byte 8192: the pattern is longer"));
  CHECK(ParseRegex(std::string(100, '(') + "a" + std::string(100, ')')).ok());
}

TEST_CASE("ParseRegex: widths count bytes", "[regex]") {
  const auto width = [](absl::string_view pattern) {
    const auto regex = ParseRegex(pattern);
    REQUIRE(regex.ok());
    return std::make_pair(regex->min_width, regex->max_width);
  };
  CHECK(width("ab?c{2,5}") == std::make_pair(std::size_t{3}, std::size_t{7}));
  CHECK(width(R"(\b(a|é€)\b)") == std::make_pair(std::size_t{1}, std::size_t{5}));
  CHECK(width("a+") == std::make_pair(std::size_t{1}, kUnbounded));
  CHECK(width("(a{0})*") == std::make_pair(std::size_t{0}, std::size_t{0}));
}

TEST_CASE("CheckRegex: a pattern that matches the empty text or nothing is refused", "[regex]") {
  CHECK(CheckRegex("a|b").ok());
  CHECK(CheckRegex("a*").message() == "at byte 0: the pattern matches the empty text");
  CHECK_FALSE(CheckRegex("").ok());
  CHECK_FALSE(CheckRegex(R"(\b)").ok());
  CHECK(CheckRegex("(").message() == "at byte 0: the group is not closed");
  CHECK(CheckRegex(R"(a\bb)").message() == "at byte 0: the pattern can never match");
  // A long s is not a word byte, but folds to an s.
  CHECK(CheckRegex(R"((?i)s\bb)").message() == "at byte 0: the pattern can never match");
}

TEST_CASE("BuildAutomaton: a pattern that can never match is refused", "[regex]") {
  const auto regex = ParseRegex(R"(a\bb)");
  REQUIRE(regex.ok());
  CHECK(BuildAutomaton(*regex).status().message() == "the pattern can never match");
}

}  // namespace
}  // namespace countersign::text::regex
