#include "libs/dialects/anthropic/request_schema.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/dialects/members/schema_table.h"

namespace countersign::dialects::anthropic {
namespace {

TEST_CASE("MessagesSchema: the documentation contains its table", "[anthropic]") {
  std::ifstream file(CS_WHAT_IS_JUDGED);
  REQUIRE(file.good());
  std::ostringstream page;
  page << file.rdbuf();
  const members::Schema& schema = MessagesSchema();
  const std::string table =
      absl::StrCat("## `", schema.operation(), "`\n\n", members::FormatTable(schema));
  INFO("docs/what-is-judged.md must have:\n" << table);
  CHECK(absl::StrContains(page.str(), table));
}

TEST_CASE("Anthropic's schemas: paths are unique, and come after their container", "[anthropic]") {
  for (const members::Schema* schema :
       {&MessagesSchema(), &CountTokensSchema(), &CreateBatchSchema()}) {
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

// So the documentation needs no tables of them.
TEST_CASE("Anthropic's schemas: others have the rules of messages", "[anthropic]") {
  const auto has = [](const members::Schema& schema, absl::string_view path, members::Kind kind) {
    return std::any_of(schema.rules().begin(), schema.rules().end(),
                       [&](const auto& rule) { return rule.path == path && rule.kind == kind; });
  };
  for (const members::Rule& rule : MessagesSchema().rules()) {
    CAPTURE(rule.path);
    CHECK(has(CreateBatchSchema(), absl::StrCat("/requests/*/params", rule.path), rule.kind));
  }
  for (const members::Rule& rule : CountTokensSchema().rules()) {
    CAPTURE(rule.path);
    CHECK(has(MessagesSchema(), rule.path, rule.kind));
  }
}

}  // namespace
}  // namespace countersign::dialects::anthropic
