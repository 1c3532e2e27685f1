#include "libs/config/resource_reader.h"

#include <catch2/catch.hpp>

namespace countersign::config {
namespace {

std::string Errors(const std::string& yaml, const ExternalValues& values = {}) {
  return std::string(ReadDocuments({{"f.yaml", yaml}}, values).status().message());
}

std::string Policy(const std::string& then, const std::string& when = "") {
  return "apiVersion: countersign/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n" +
         (when.empty() ? "" : "  when: " + when + "\n") + "  then: " + then + "\n";
}

}  // namespace

TEST_CASE("ReadDocuments: reads the contract's example", "[config]") {
  const auto documents = ReadDocuments({{"f.yaml", R"(
apiVersion: countersign/v1
kind: Policy
metadata: {name: regulated-prompts}
spec:
  priority: 100
  match: {connections: [openai], groups: [agents, ci]}
  when:
    any:
      - keywords: {dictionary: hipaa}
      - pattern: {regex: '(?i)\bdrop\s+table\b', parts: [user, tool], normalize: unicode}
      - tokens: {over: 4000}
      - parameter: {name: max_tokens, over: 8000}
  then:
    review:
      {reviewers: [security], approvals: 1, pendingTtl: 15m, hold: 4m,
       grant: {kind: oneShot, ttl: 5m}}
    masking: standard
    recording: strict
---
apiVersion: countersign/v1
kind: Dictionary
metadata: {name: hipaa, labels: {team: legal}}
spec: {terms: [diagnosis, "patient record"]}
)"}},
                                       {});
  INFO(documents.status());
  REQUIRE(documents.ok());
  REQUIRE(documents->size() == 2);
  CHECK((*documents)[0].kind == "Policy");
  CHECK((*documents)[1].labels.at("team") == "legal");
  CHECK(
      (*documents)[1].document ==
      R"({"apiVersion":"countersign/v1","kind":"Dictionary","metadata":{"labels":{"team":"legal"},)"
      R"("name":"hipaa"},"spec":{"terms":["diagnosis","patient record"]}})");
}

TEST_CASE("ReadDocuments: reports every mistake of every file at once", "[config]") {
  const auto documents = ReadDocuments(
      {{"a.yaml", Policy("{allow: {}, maskng: x}")}, {"b.yaml", Policy("{}")}, {"c.yaml", "{"}},
      {});
  REQUIRE_FALSE(documents.ok());
  const std::string text(documents.status().message());
  CHECK(text.find("a.yaml:5: Policy/p: spec.then.maskng: unknown field") != std::string::npos);
  CHECK(text.find("b.yaml:5: Policy/p: spec.then: needs exactly one of review, deny, allow") !=
        std::string::npos);
  CHECK(text.find("c.yaml:1: not valid YAML") != std::string::npos);
}

TEST_CASE("ReadDocuments: a review needs at least one approval, whatever is written", "[config]") {
  for (const char* approvals : {"0", "-1", "\"1\"", "null", "1e9", ".nan", "101"}) {
    INFO(approvals);
    CHECK_FALSE(
        Errors(Policy(std::string("{review: {reviewers: [a], approvals: ") + approvals + "}}"))
            .empty());
  }
  CHECK(Errors(Policy("{review: {reviewers: [a]}}")).empty());
  CHECK_FALSE(Errors(Policy("{review: {reviewers: []}}")).empty());
  CHECK_FALSE(Errors(Policy("{review: {reviewers: [a], hold: 5m}}")).empty());
}

TEST_CASE("ReadDocuments: conditions that say nothing or too much are mistakes", "[config]") {
  for (const char* when :
       {"{}", "{any: []}", "{all: x}", "{sometimes: {}}", "[a]", "{tokens: {}}",
        "{tokens: {over: -1}}", "{keywords: {}}", "{pattern: {regex: x, parts: [nobody]}}",
        "{parameter: {name: n}}", "{tokens: {over: 1}, keywords: {dictionary: d}}"}) {
    INFO(when);
    CHECK_FALSE(Errors(Policy("{allow: {}}", when)).empty());
  }
  CHECK(Errors(Policy("{allow: {}}", "{not: {all: [{tokens: {over: 1}}]}}")).empty());
}

TEST_CASE("ReadDocuments: what stands twice is a mistake that names both places", "[config]") {
  const std::string text = Errors(Policy("{allow: {}}") + "---\n" + Policy("{allow: {}}"));
  CHECK(text == "f.yaml:7: Policy/p: stands at f.yaml:1 already");
}

TEST_CASE("ReadDocuments: wrong envelopes are refused", "[config]") {
  CHECK(Errors("apiVersion: v1\nkind: Policy\nmetadata: {name: p}\nspec: {then: {allow: {}}}")
            .find("must be countersign/v1") != std::string::npos);
  CHECK(Errors("kind: Pod\nmetadata: {name: p}").find("must be one of") != std::string::npos);
  CHECK(Errors("- a").find("must be a mapping") != std::string::npos);
  for (const char* name : {"A", "a_b", "-a", "a.", "", "' '"}) {
    INFO(name);
    CHECK_FALSE(Errors("apiVersion: countersign/v1\nkind: Identity\nmetadata: {name: " +
                       std::string(name) + "}\nspec: {kind: human}")
                    .empty());
  }
}

TEST_CASE("ReadDocuments: reserved names cannot name a Connection", "[config]") {
  for (const char* name : {"v1", "console", "livez", "readyz", "metrics"}) {
    CHECK(Errors("apiVersion: countersign/v1\nkind: Connection\nmetadata: {name: " +
                 std::string(name) + "}\nspec: {protocol: openai, url: 'http://h/v1'}")
              .find("cannot name a Connection") != std::string::npos);
  }
}

TEST_CASE("ReadDocuments: external values replace their references and stay out of documents",
          "[config]") {
  const std::string yaml =
      "apiVersion: countersign/v1\nkind: Credential\nmetadata: {name: c}\nspec: {bearer: {env: "
      "KEY}}\n---\napiVersion: countersign/v1\nkind: Dictionary\nmetadata: {name: d}\nspec: {file: "
      "d.txt, terms: [a]}\n";
  CHECK(ExternalValueKeys({{"f.yaml", yaml}}) == std::set<std::string>{"env:KEY", "file:d.txt"});
  const auto documents =
      ReadDocuments({{"f.yaml", yaml}}, {{"env:KEY", "sk-1\n"}, {"file:d.txt", "b\r\n\nc"}});
  INFO(documents.status());
  REQUIRE(documents.ok());
  CHECK((*documents)[0].document.find("sk-1") == std::string::npos);
  CHECK((*documents)[0].secret_spec == R"({"bearer":{"inline":"sk-1"}})");
  CHECK((*documents)[1].document.find(R"("spec":{"terms":["a","b","c"]})") != std::string::npos);
  CHECK(Errors(yaml).find("the environment variable KEY is not set") != std::string::npos);
}

TEST_CASE("ReadDocuments: a credential has exactly one form", "[config]") {
  const auto credential = [](const std::string& spec) {
    return Errors("apiVersion: countersign/v1\nkind: Credential\nmetadata: {name: c}\nspec: " +
                  spec);
  };
  CHECK(credential("{bearer: {inline: x}}").empty());
  CHECK(credential("{basic: {username: u, password: {inline: x}}}").empty());
  CHECK_FALSE(credential("{}").empty());
  CHECK_FALSE(credential("{bearer: x}").empty());
  CHECK_FALSE(credential("{bearer: {inline: x, env: Y}}").empty());
  CHECK_FALSE(
      credential("{bearer: {inline: x}, basic: {username: u, password: {inline: x}}}").empty());
}

TEST_CASE("KindFromUser: takes any case and the plural", "[config]") {
  CHECK(*KindFromUser("policies") == "Policy");
  CHECK(*KindFromUser("identity") == "Identity");
  CHECK(*KindFromUser("RoleBindings") == "RoleBinding");
  CHECK_FALSE(KindFromUser("pod").ok());
}

}  // namespace countersign::config
