#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "libs/config/reference/json_schema.h"
#include "services/cli/testing/run_verb.h"

namespace countersign::cli {
namespace {

std::string ReadDocument(const std::string& name) {
  std::ifstream file(absl::StrCat(CS_SOURCE_DIR "/docs/", name));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

TEST_CASE_METHOD(VerbTest, "explain: a kind with its fields", "[cli][verbs]") {
  const RunResult run = Run({"explain", "dictionaries"});
  CHECK(run.err.empty());
  CHECK(run.out.find("KIND:     Dictionary\nVERSION:  countersign/v1\n\n") == 0);
  CHECK(run.out.find("\n  terms  <list of texts>\n    The words and phrases.\n") !=
        std::string::npos);
  CHECK_FALSE(gateway.asked());
}

TEST_CASE_METHOD(VerbTest, "explain: one field, with or without spec", "[cli][verbs]") {
  const std::string expected =
      "KIND:     Policy\nFIELD:    spec.then.review.approvals <whole number from 1 to 100> default "
      "1\n\nHow many of them must approve.\n";
  CHECK(Run({"explain", "policy.spec.then.review.approvals"}).out == expected);
  CHECK(Run({"explain", "policy.then.review.approvals"}).out == expected);
  CHECK(Run({"explain", "policy.when.any.tokens.over"}).out.find("<whole number") !=
        std::string::npos);
}

TEST_CASE_METHOD(VerbTest, "explain: what is mistyped is answered with what was meant",
                 "[cli][verbs]") {
  const RunResult field = Run({"explain", "policy.spec.then.reveiw"});
  CHECK(field.status == 1);
  CHECK(
      field.err ==
      "countersign: Policy has no field spec.then.reveiw; did you mean Policy.spec.then.review?\n");
  CHECK(Run({"explain", "polizy"}).status == 2);
}

TEST_CASE_METHOD(VerbTest, "explain --recursive: every field once", "[cli][verbs]") {
  const RunResult run = Run({"explain", "policy", "--recursive"});
  CHECK(run.out.find("\n    keywords  <mapping>\n      dictionary  <text> required\n") !=
        std::string::npos);
  CHECK(run.out.find("\n    any  <list of conditions>\n    all  ") != std::string::npos);
}

TEST_CASE_METHOD(VerbTest, "explain --example: is valid", "[cli][verbs]") {
  for (const char* const kind : {"policy", "maskingprofile", "credential", "identity"}) {
    const std::string path = home.Write("x.yaml", Run({"explain", kind, "--example"}).out);
    const RunResult run = Run({"validate", "-f", path, "--partial"});
    INFO(kind << ": " << run.err);
    CHECK(run.status == 0);
  }
}

TEST_CASE_METHOD(VerbTest, "docs/resources.md and docs/schemas are what explain prints",
                 "[cli][verbs]") {
  INFO("scripts/resource-reference writes them");
  CHECK(ReadDocument("resources.md") == Run({"explain", "--page"}).out);
  CHECK(ReadDocument("schemas/resource.json") == Run({"explain", "--schema"}).out);
  for (const config::reference::Kind& kind : config::reference::Kinds()) {
    INFO(kind.name);
    CHECK(ReadDocument(absl::StrCat("schemas/", config::reference::SchemaFile(kind))) ==
          Run({"explain", kind.name, "--schema"}).out);
  }
}

}  // namespace
}  // namespace countersign::cli
