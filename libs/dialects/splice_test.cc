#include "libs/dialects/splice.h"

#include <catch2/catch.hpp>

namespace countersign::dialects {
namespace {

TEST_CASE("Splice: edits in any order, insertions beside them", "[dialects]") {
  CHECK(*Splice("abcdef", {{4, 5, "E"}, {0, 1, ""}, {4, 4, "<"}}) == "bcd<Ef");
  CHECK(*Splice("abc", {}) == "abc");
  CHECK(*Splice("abc", {{3, 3, "!"}, {0, 0, "?"}}) == "?abc!");
}

TEST_CASE("Splice: edits that overlap or lie outside are refused", "[dialects]") {
  CHECK(absl::IsInternal(Splice("abcdef", {{0, 3, "x"}, {2, 4, "y"}}).status()));
  CHECK(absl::IsInternal(Splice("abcdef", {{1, 3, "x"}, {1, 3, "y"}}).status()));
  CHECK(absl::IsInternal(Splice("abcdef", {{2, 1, "x"}}).status()));
  CHECK(absl::IsInternal(Splice("abcdef", {{5, 7, "x"}}).status()));
}

}  // namespace
}  // namespace countersign::dialects
