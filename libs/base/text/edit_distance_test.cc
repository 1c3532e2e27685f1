#include "libs/base/text/edit_distance.h"

#include <catch2/catch.hpp>

namespace countersign {

TEST_CASE("EditDistance: insertions, omissions and replacements", "[base]") {
  CHECK(EditDistance("", "") == 0);
  CHECK(EditDistance("", "abc") == 3);
  CHECK(EditDistance("abc", "") == 3);
  CHECK(EditDistance("kitten", "sitting") == 3);
  CHECK(EditDistance("lunh", "luhn") == 2);
  CHECK(EditDistance("same", "same") == 0);
}

TEST_CASE("ProbablyMeant: the closest name, or none if all are too different", "[base]") {
  const std::vector<std::string> names = {"entity", "pattern", "minCount", "keep"};
  CHECK(ProbablyMeant("enttiy", names) == "entity");
  CHECK(ProbablyMeant("patern", names) == "pattern");
  CHECK(ProbablyMeant("mincount", names) == "minCount");
  CHECK(ProbablyMeant("kep", names) == "keep");
  CHECK(ProbablyMeant("keep", {"kepe"}) == "kepe");
  CHECK(ProbablyMeant("salt", names).empty());
  CHECK(ProbablyMeant("", names).empty());
  CHECK(ProbablyMeant("b", {"a"}).empty());
  CHECK(ProbablyMeant(std::string(10'000, 'x'), names).empty());
  CHECK(ProbablyMeant("entity", {}).empty());
}

}  // namespace countersign
