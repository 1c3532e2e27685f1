#include "libs/text/regex/pattern_edges.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/text/regex/regex_parser.h"

namespace countersign::text::regex {
namespace {

// Each part as "<pattern>", with | at an end where an edge is left to the caller.
std::vector<std::string> Resolve(absl::string_view pattern) {
  CAPTURE(pattern);
  const auto parts = ResolveWordEdges(pattern);
  INFO(parts.status());
  REQUIRE(parts.ok());
  std::vector<std::string> result;
  for (const EdgedPattern& part : *parts) {
    CHECK(CheckRegex(part.pattern).ok());
    result.push_back(absl::StrCat(part.before ? "| " : "", part.pattern, part.after ? " |" : ""));
  }
  return result;
}
using Parts = std::vector<std::string>;

TEST_CASE("ResolveWordEdges: edges at the ends of a pattern are left to the caller", "[text]") {
  CHECK(Resolve("(?i)\\bпароль\\b") == Parts{"| (?i)пароль |"});
  CHECK(Resolve("\\b(?:größe|straße)") == Parts{"| (?:größe|straße)"});
  CHECK(Resolve("foo größe\\b") == Parts{"foo größe |"});
}

TEST_CASE("ResolveWordEdges: each alternative has ends", "[text]") {
  CHECK(Resolve("\\bпароль\\b|foo\\s+бар\\b|key") == Parts{"| пароль |", "foo\\s+бар |", "key"});
  CHECK(Resolve("(?i)(\\bпароль|(?:секрет\\b|[|)(]ключ))") ==
        Parts{"| (?i)пароль", "(?i)секрет |", "(?i)[|)(]ключ"});
  CHECK(Resolve("(?i:\\bпароль\\b|ключ\\)\\b)|дом\\b") ==
        Parts{"| (?i)пароль |", "(?i)ключ\\) |", "дом |"});
  // Flags hold to the end of their group.
  CHECK(Resolve("да|(?i)нет\\b|\\bможет") == Parts{"да", "(?i)нет |", "| (?i)может"});
}

TEST_CASE("ResolveWordEdges: an edge that its neighbours imply is dropped", "[text]") {
  CHECK(Resolve("\\bпароль\\b\\s*[:=]\\s*\\S+") == Parts{"| пароль\\s*[:=]\\s*\\S+"});
  CHECK(Resolve("(?i)key[ :]+\\bпароль\\b") == Parts{"(?i)key[ :]+пароль |"});
  CHECK(Resolve("а\\Bб") == Parts{"аб"});
  CHECK(Resolve("\\x{43f}\\b-\\bда\\b") == Parts{"\\x{43f}-да |"});
  CHECK(Resolve("密码\\b[a-z]+") == Parts{"密码[a-z]+"});  // no spaces in that script
  // Between ASCII characters the engines see what there is.
  CHECK(Resolve("größe \\bfoo\\b") == Parts{"größe \\bfoo |"});
  CHECK(Resolve("\\bdrop\\s+table\\b[ ,]+größe") == Parts{"| drop\\s+table\\b[ ,]+größe"});
  // Beside an ASCII letter they find every edge.
  CHECK(Resolve("\\bdrop\\s+table\\b.*größe") == Parts{"| drop\\s+table\\b.*größe"});
}

TEST_CASE("ResolveStoredWordEdges: edges that are refused keep the meaning that they had",
          "[text]") {
  const auto stored = [](absl::string_view pattern) {
    const auto parts = ResolveStoredWordEdges(pattern);
    REQUIRE(parts.ok());
    REQUIRE(parts->size() == 1);
    const EdgedPattern& part = parts->front();
    return absl::StrCat(part.before ? "| " : "", part.pattern, part.after ? " |" : "");
  };
  CHECK(stored("(?i)\\bдом\\b.*ключ\\b") == "| (?i)дом\\b.*ключ |");
  CHECK(stored("foo\\bбар") == "foo\\bбар");
  CHECK(stored("\\bдом\\b.*ключ\\b|дом\\b") == "\\bдом\\b.*ключ\\b|дом\\b");
  CHECK(stored("(?i)\\bпароль\\b") == "| (?i)пароль |");  // as ResolveWordEdges
  CHECK(absl::IsInvalidArgument(ResolveStoredWordEdges("foo\\bбар(").status()));
}

TEST_CASE("CheckWordEdges: only edges that are refused are mistakes", "[text]") {
  CHECK(absl::IsInvalidArgument(CheckWordEdges("foo\\bбар")));
  CHECK(absl::StartsWith(CheckWordEdges("foo\\bбар").message(), "at byte 3: "));
  for (const char* other : {"\\bпароль\\b", "\\bfoo\\b", "foo\\bбар(", "(?=x)"}) {
    CAPTURE(other);
    CHECK(CheckWordEdges(other).ok());
  }
}

TEST_CASE("ResolveWordEdges: other edges beside letters beyond ASCII are refused", "[text]") {
  const auto error = [](absl::string_view pattern) {
    CAPTURE(pattern);
    const auto parts = ResolveWordEdges(pattern);
    REQUIRE(absl::IsInvalidArgument(parts.status()));
    return std::string(parts.status().message());
  };
  CHECK(absl::StartsWith(error("foo бар\\b.*"), "at byte 10: \\b beside a character beyond ASCII"));
  CHECK(absl::StrContains(error("foo бар\\b.*"), "write what may stand there"));
  CHECK(absl::StartsWith(error("x|(?i)да\\b\\w*"), "at byte 10: "));
  CHECK(absl::StartsWith(error("foo\\bбар"), "at byte 3: \\b can never match"));
  CHECK(absl::StartsWith(error("а\\B б"), "at byte 2: \\B can never match"));
  CHECK(absl::StartsWith(error("\\Bпароль"), "at byte 0: \\B beside"));
  CHECK(absl::StartsWith(error("(?:\\bда|нет)x"), "at byte 3: "));
  CHECK(absl::StartsWith(error("(?:да\\b){2}"), "at byte 7: "));
  CHECK(absl::StartsWith(error("ключ\\b[^a]"), "at byte 8: "));
  // And what any pattern is refused for.
  CHECK(absl::StrContains(error("ключ\\b("), "the group is not closed"));
  CHECK(absl::StrContains(error("\\bда\\b|\\b\\b"), "at byte"));
}

TEST_CASE("ResolveWordEdges: other patterns are unchanged", "[text]") {
  for (const char* pattern :
       {"\\bdrop\\s+table\\b", "пароль", "пароль\\\\b", "x\\b|\\by", "a.\\b."}) {
    CHECK(Resolve(pattern) == Parts{pattern});
  }
}

}  // namespace
}  // namespace countersign::text::regex
