#include <catch2/catch.hpp>

#include "services/cli/testing/run_verb.h"
#include "services/cli/testing/sample_resources.h"

namespace countersign::cli {
namespace {

TEST_CASE_METHOD(VerbTest, "describe: the resource, what it refers to and what refers to it",
                 "[cli][verbs]") {
  Serve(gateway, SampleResources());
  const RunResult run = Run({"describe", "connection", "openai"});
  CHECK(run.err.empty());
  CHECK(run.out ==
        "Name:     openai\nKind:     Connection\nLabels:   -\nVersion:  7\nChanged:  - (- ago)\n"
        "Spec:\n  protocol: openai\n  url: \"https://api.openai.com/v1\"\n  credential: openai\n"
        "  models:\n  - \"gpt-4o*\"\n  default: true\n"
        "Refers to:\n  Credential/openai  (spec.credential)\n"
        "Used by:\n  Policy/regulated  (spec.match.connections[0])\n");
}

TEST_CASE_METHOD(VerbTest, "describe: references within conditions and rules", "[cli][verbs]") {
  Serve(gateway, SampleResources());
  const RunResult run = Run({"describe", "dictionary/codenames"});
  CHECK(run.out.find("Used by:\n  Policy/regulated  (spec.when.any[0].keywords.dictionary)\n") !=
        std::string::npos);
  CHECK(Run({"describe", "dictionary/other"}).status == 1);
}

}  // namespace
}  // namespace countersign::cli
