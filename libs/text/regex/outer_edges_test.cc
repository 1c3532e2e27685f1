#include "libs/text/regex/outer_edges.h"

#include <catch2/catch.hpp>

namespace countersign::text::regex {
namespace {

TEST_CASE("TakeOuterEdges: edges beside letters beyond ASCII are removed", "[text]") {
  const OuterEdges both = TakeOuterEdges("(?i)\\bпароль\\b");
  CHECK(both.pattern == "(?i)пароль");
  CHECK(both.before);
  CHECK(both.after);
  const OuterEdges one = TakeOuterEdges("\\b(?:größe|straße)");
  CHECK(one.pattern == "(?:größe|straße)");
  CHECK(one.before);
  CHECK_FALSE(one.after);
}

TEST_CASE("TakeOuterEdges: other patterns are unchanged", "[text]") {
  for (const char* pattern :
       {"\\bdrop\\s+table\\b", "пароль", "\\bпароль|секрет\\b", "пароль\\\\b", "а\\bб", "x\\b"}) {
    CAPTURE(pattern);
    const OuterEdges edges = TakeOuterEdges(pattern);
    CHECK(edges.pattern == pattern);
    CHECK_FALSE(edges.before);
    CHECK_FALSE(edges.after);
  }
}

}  // namespace
}  // namespace countersign::text::regex
