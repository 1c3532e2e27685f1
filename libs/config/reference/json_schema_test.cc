#include "libs/config/reference/json_schema.h"

#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "libs/json/document.h"

namespace countersign::config::reference {
namespace {

json::Document Schema(absl::string_view kind) {
  auto document = json::Document::Parse(KindSchema(*FindKind(kind)));
  REQUIRE(document.ok());
  return *std::move(document);
}

TEST_CASE("JSON Schema: fields with their types, bounds and words") {
  const json::Document policy = Schema("Policy");
  const json::Value spec = policy.root()["properties"]["spec"];
  CHECK(spec["additionalProperties"].boolean() == false);
  const json::Value approvals =
      spec["properties"]["then"]["properties"]["review"]["properties"]["approvals"];
  CHECK(approvals["type"].text() == "integer");
  CHECK(approvals["minimum"].integer() == 1);
  CHECK(approvals["maximum"].integer() == 100);
  CHECK(approvals["description"].text() == "How many of them must approve.");
  CHECK(spec["required"].at(0).text() == "then");
  const json::Value recording = spec["properties"]["then"]["properties"]["recording"];
  CHECK(recording["enum"].at(1).text() == "ordered");
}

TEST_CASE("JSON Schema: conditions and rules may be nested") {
  const json::Document policy = Schema("Policy");
  const json::Value condition = policy.root()["$defs"]["condition"];
  CHECK(condition["maxProperties"].integer() == 1);
  CHECK(condition["properties"]["any"]["items"]["$ref"].text() == "#/$defs/condition");
  CHECK(condition["properties"]["tokens"]["properties"]["over"]["type"].text() == "integer");
  const json::Document profile = Schema("MaskingProfile");
  CHECK(profile.root()["properties"]["spec"]["properties"]["prompt"]["items"]["$ref"].text() ==
        "#/$defs/rule");
  CHECK(profile.root()["$defs"]["rule"]["properties"]["entity"].exists());
  CHECK_FALSE(profile.root()["$defs"]["condition"].exists());
}

TEST_CASE("JSON Schema: a value has exactly one form") {
  const json::Document credential = Schema("Credential");
  CHECK(credential.root()["properties"]["spec"]["properties"]["bearer"]["$ref"].text() ==
        "#/$defs/value");
  CHECK(credential.root()["$defs"]["value"]["maxProperties"].integer() == 1);
}

TEST_CASE("JSON Schema: the schema of any kind names the file of each") {
  const auto any = json::Document::Parse(AnyKindSchema());
  REQUIRE(any.ok());
  REQUIRE(any->root()["allOf"].size() == Kinds().size());
  CHECK(any->root()["allOf"].at(0)["then"]["$ref"].text() == "identity-provider.json");
}

}  // namespace
}  // namespace countersign::config::reference
