#include "libs/dialects/openai/request_schema.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/dialects/members/schema_table.h"

namespace countersign::dialects::openai {
namespace {

TEST_CASE("ChatCompletionSchema: the documentation contains its table", "[dialects]") {
  std::ifstream file(CS_WHAT_IS_JUDGED);
  REQUIRE(file.good());
  std::ostringstream page;
  page << file.rdbuf();
  const members::Schema& schema = ChatCompletionSchema();
  const std::string table =
      absl::StrCat("## `", schema.operation(), "`\n\n", members::FormatTable(schema));
  INFO("docs/what-is-judged.md must have:\n" << table);
  CHECK(absl::StrContains(page.str(), table));
}

TEST_CASE("ChatCompletionSchema: paths are unique, and come after their container", "[dialects]") {
  std::vector<std::string> seen;
  for (const members::Rule& rule : ChatCompletionSchema().rules()) {
    CAPTURE(rule.path);
    CHECK(std::find(seen.begin(), seen.end(), rule.path) == seen.end());
    const absl::string_view parent = rule.path.substr(0, rule.path.rfind('/'));
    CHECK((parent.empty() || std::find(seen.begin(), seen.end(), parent) != seen.end()));
    seen.emplace_back(rule.path);
  }
}

}  // namespace
}  // namespace countersign::dialects::openai
