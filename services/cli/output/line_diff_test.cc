#include "services/cli/output/line_diff.h"

#include <catch2/catch.hpp>

namespace countersign::cli::output {

TEST_CASE("LineDiff: common lines stay, changed ones are shown before and after", "[cli]") {
  CHECK(LineDiff("a\nb\nc\n", "a\nx\nc\nd\n") == " a\n-b\n+x\n c\n+d\n");
  CHECK(LineDiff("", "a\n") == "+a\n");
  CHECK(LineDiff("a\n", "") == "-a\n");
  CHECK(LineDiff("a\n", "a\n") == " a\n");
}

}  // namespace countersign::cli::output
