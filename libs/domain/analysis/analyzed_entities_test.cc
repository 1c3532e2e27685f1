#include "libs/domain/analysis/analyzed_entities.h"

#include <catch2/catch.hpp>

namespace countersign::domain::analysis {
namespace {

TEST_CASE("AnalyzedEntities: its text is read back", "[domain]") {
  const std::string text = ToString(AnalyzedEntities{"names", {"person", "location"}, 0.65});
  CHECK(text == "names/person,location@0.65");
  const auto read = ParseAnalyzedEntities(text);
  REQUIRE(read);
  CHECK(read->analyzer == "names");
  CHECK(read->entities == std::vector<std::string>{"person", "location"});
  CHECK(read->min_score == 0.65);
}

TEST_CASE("AnalyzedEntities: entities of detectors are none", "[domain]") {
  for (const char* const text : {"credit_card", "secret.*", "tier1", "a@0.5", "a@b/c", "a/b@x"}) {
    CHECK_FALSE(ParseAnalyzedEntities(text));
  }
}

}  // namespace
}  // namespace countersign::domain::analysis
