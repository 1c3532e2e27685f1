#include "libs/dialects/members/schema.h"

#include <catch2/catch.hpp>

#include "libs/dialects/members/schema_table.h"

namespace countersign::dialects::members {
namespace {

const std::vector<Rule>& Rules() {
  static const auto& rules = *new std::vector<Rule>{
      {"/items", Kind::kObject},
      {"/items/*", Kind::kObject},
      {"/items/*/kind", Kind::kChoice, "a b"},
      {"/bias", Kind::kObject},
      {"/bias/#", Kind::kNumber},
      {"/schema", Kind::kSchema, "type title", "system"},
      {"/schema/type", Kind::kChoice, "object"},
  };
  return rules;
}

TEST_CASE("Schema: a member is known at its path only", "[dialects]") {
  const Schema schema("op", Rules());
  const Schema::Node* const items = FindMember(&schema.root(), "items");
  const Schema::Node* const item = FindElement(items);
  REQUIRE(item != nullptr);
  CHECK(IsKnownName(item, "kind"));
  CHECK(FindMember(item, "kind")->kind == Kind::kChoice);
  CHECK_FALSE(IsKnownName(&schema.root(), "kind"));
  CHECK(FindMember(&schema.root(), "kind") == nullptr);
  CHECK(FindMember(FindMember(item, "kind"), "kind") == nullptr);
  CHECK_FALSE(IsKnownName(nullptr, "kind"));
}

TEST_CASE("Schema: numbered members have short names of digits", "[dialects]") {
  const Schema schema("op", Rules());
  const Schema::Node* const bias = FindMember(&schema.root(), "bias");
  CHECK(IsKnownName(bias, "50256"));
  CHECK_FALSE(IsKnownName(bias, "4111111111111111"));
  CHECK_FALSE(IsKnownName(bias, "4a"));
  CHECK_FALSE(IsKnownName(bias, ""));
}

TEST_CASE("Schema: the keywords of a JSON Schema are known at any depth below it", "[dialects]") {
  const Schema schema("op", Rules());
  const Schema::Node* node = FindMember(&schema.root(), "schema");
  CHECK(node->role == "system");
  node = FindElement(FindMember(node, "anything"));
  CHECK(IsKnownName(node, "title"));
  CHECK(FindMember(node, "type")->kind == Kind::kChoice);
  CHECK_FALSE(IsKnownName(node, "patient"));
}

TEST_CASE("FormatTable: says how each value is treated", "[dialects]") {
  CHECK(FormatTable(Schema("op", Rules())) ==
        "| member | its value |\n|---|---|\n"
        "| `/items/*/kind` | not judged while it is one of `a`, `b` |\n"
        "| `/bias/#` | not judged while it has at most 11 digits |\n"
        "| `/schema` | judged, names and all, but for the names `type`, `title` |\n"
        "| `/schema/type` | not judged while it is one of `object` |\n");
}

}  // namespace
}  // namespace countersign::dialects::members
