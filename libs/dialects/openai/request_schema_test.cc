#include "libs/dialects/openai/request_schema.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/dialects/members/schema_table.h"
#include "libs/dialects/openai/responses/request_schema.h"
#include "libs/dialects/openai/simple/request_schema.h"

namespace countersign::dialects::openai {
namespace {

const members::Schema* const kSchemas[] = {&ChatCompletionSchema(), &responses::ResponsesSchema(),
                                           &simple::CompletionSchema(), &simple::EmbeddingSchema(),
                                           &simple::ModerationSchema()};

TEST_CASE("Request schemas of OpenAI's API: the documentation contains their tables",
          "[dialects]") {
  std::ifstream file(CS_WHAT_IS_JUDGED);
  REQUIRE(file.good());
  std::ostringstream page;
  page << file.rdbuf();
  for (const members::Schema* schema : kSchemas) {
    const std::string table =
        absl::StrCat("## `", schema->operation(), "`\n\n", members::FormatTable(*schema));
    INFO("docs/what-is-judged.md must have:\n" << table);
    CHECK(absl::StrContains(page.str(), table));
  }
}

TEST_CASE("Request schemas of OpenAI's API: paths are unique, and come after their container",
          "[dialects]") {
  for (const members::Schema* schema : kSchemas) {
    std::vector<std::string> seen;
    for (const members::Rule& rule : schema->rules()) {
      CAPTURE(rule.path);
      CHECK(std::find(seen.begin(), seen.end(), rule.path) == seen.end());
      const absl::string_view parent = rule.path.substr(0, rule.path.rfind('/'));
      CHECK((parent.empty() || std::find(seen.begin(), seen.end(), parent) != seen.end()));
      seen.emplace_back(rule.path);
    }
  }
}

}  // namespace
}  // namespace countersign::dialects::openai
