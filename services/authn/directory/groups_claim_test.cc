#include "services/authn/directory/groups_claim.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/status.h"

namespace countersign::authn::directory {
namespace {

json::Document Claims(const std::string& text) {
  auto document = json::Document::Parse(text);
  INFO(text);
  REQUIRE(document.ok());
  return *std::move(document);
}

// The groups joined by commas, or the refusal's reason in brackets.
std::string Groups(const std::string& claims, const std::string& claim = "groups") {
  const json::Document document = Claims(claims);
  const auto groups = ReadGroups(document.root(), claim);
  return groups.ok() ? absl::StrJoin(*groups, ",")
                     : absl::StrCat("[", GetReason(groups.status()), "]");
}

TEST_CASE("ReadGroups: a list of strings, one string, or none", "[authn]") {
  CHECK(Groups(R"({"groups":["a","b"]})") == "a,b");
  CHECK(Groups(R"({"groups":["b","a","b"]})") == "b,a");
  CHECK(Groups(R"({"groups":"a"})") == "a");
  CHECK(Groups(R"({"groups":[]})").empty());
  CHECK(Groups("{}").empty());
}

TEST_CASE("ReadGroups: a claim is found by name first, then by path", "[authn]") {
  CHECK(Groups(R"({"realm_access":{"roles":["a"]}})", "realm_access.roles") == "a");
  CHECK(Groups(R"({"https://x.example/groups":["a"]})", "https://x.example/groups") == "a");
  CHECK(Groups(R"({"a.b":["direct"],"a":{"b":["by path"]}})", "a.b") == "direct");
  CHECK(Groups(R"({"realm_access":["roles"]})", "realm_access.roles").empty());
}

TEST_CASE("ReadGroups: anything but strings is malformed, not ignored", "[authn]") {
  for (const char* value : {"1", "true", "null", "{}", R"([1])", R"(["a",null])", R"([["a"]])",
                            R"("")", R"(["a",""])"}) {
    CHECK(Groups(absl::StrCat(R"({"groups":)", value, "}")) == "[groups_malformed]");
  }
}

TEST_CASE("ReadGroups: number and length are bounded", "[authn]") {
  const auto list = [](std::size_t count, std::size_t length) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; ++i) {
      std::string name = absl::StrCat(i);
      name.resize(length, 'x');
      names.push_back(absl::StrCat("\"", name, "\""));
    }
    return absl::StrCat(R"({"groups":[)", absl::StrJoin(names, ","), "]}");
  };
  CHECK(Groups(list(kMaxGroups, 8)) != "[groups_malformed]");
  CHECK(Groups(list(kMaxGroups + 1, 8)) == "[groups_malformed]");
  CHECK(Groups(list(1, kMaxGroupBytes)) != "[groups_malformed]");
  CHECK(Groups(list(1, kMaxGroupBytes + 1)) == "[groups_malformed]");
  CHECK(Groups(R"({"groups":["security\u0000x"]})") == "[groups_malformed]");
}

TEST_CASE("ReadGroups: groups that the issuer omitted refuse the token", "[authn]") {
  CHECK(Groups(R"({"_claim_names":{"groups":"src1"}})") == "[groups_overage]");
  CHECK(Groups(R"({"hasgroups":true})") == "[groups_overage]");
  CHECK(Groups(R"({"hasgroups":"true"})") == "[groups_overage]");
  CHECK(Groups(R"({"hasgroups":false})").empty());
  CHECK(Groups(R"({"_claim_names":{"other":"src1"}})").empty());
  CHECK(Groups(R"({"groups":["a"],"hasgroups":true})") == "a");
}

TEST_CASE("ClaimMatches: text, whole numbers and booleans, alone or within an array", "[authn]") {
  const auto matches = [](const std::string& value, const std::string& expected) {
    const json::Document document = Claims(absl::StrCat(R"({"c":)", value, "}"));
    return ClaimMatches(document.root()["c"], expected);
  };
  CHECK(matches(R"("a")", "a"));
  CHECK_FALSE(matches(R"("A")", "a"));
  CHECK(matches("true", "true"));
  CHECK_FALSE(matches("true", "false"));
  CHECK(matches("17", "17"));
  CHECK_FALSE(matches("17.5", "17.5"));
  CHECK(matches(R"(["x","a"])", "a"));
  CHECK_FALSE(matches(R"([["a"]])", "a"));
  CHECK_FALSE(matches("null", "null"));
  CHECK_FALSE(matches("{}", ""));
  CHECK_FALSE(ClaimMatches(json::Value(), ""));
}

}  // namespace
}  // namespace countersign::authn::directory
