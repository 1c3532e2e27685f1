#include "services/cli/create/create_verb.h"

#include "absl/strings/ascii.h"
#include "libs/config/reference/resource_reference.h"
#include "services/cli/create/create_flags.h"
#include "services/cli/testing/run_verb.h"

namespace countersign::cli::create {
namespace {

constexpr char kNone[] = R"({"items":[],"nextPageToken":""})";
constexpr char kCreated[] =
    R"({"items":[{"kind":"Dictionary","name":"words","result":"created"}],"waitingFor":[]})";

std::vector<std::string> DryRun(std::vector<std::string> words) {
  words.insert(words.begin(), "create");
  words.insert(words.end(), {"--dry-run", "-o", "yaml"});
  return words;
}

TEST_CASE("create: every option sets a field of the reference, and has words", "[cli][create]") {
  for (const Flag& flag : Flags()) {
    INFO(flag.kind << " " << flag.option);
    const auto* const kind = config::reference::FindKind(flag.kind);
    REQUIRE(kind != nullptr);
    CHECK(config::reference::FindField(*kind, flag.path) != nullptr);
    CHECK_FALSE(DescribeFlag(flag).empty());
  }
}

TEST_CASE("create: a dry run prints a file for apply, and asks no gateway", "[cli][create]") {
  VerbTest test;
  const RunResult made = test.Run(DryRun(
      {"connection", "openai", "--protocol", "openai", "--url", "https://api.openai.com/v1",
       "--credential", "openai-key", "--model", "gpt-*", "--model", "o1,o3", "--default", "--label",
       "example.com/team=a=b", "--set", "match.pathPrefix=/llm", "--set", "spec.usage=asIs"}));
  CHECK(made.err == "");
  CHECK(made.out ==
        "apiVersion: countersign/v1\n"
        "kind: Connection\n"
        "metadata:\n"
        "  name: openai\n"
        "  labels:\n"
        "    example.com/team: \"a=b\"\n"
        "spec:\n"
        "  protocol: openai\n"
        "  url: \"https://api.openai.com/v1\"\n"
        "  credential: openai-key\n"
        "  models:\n"
        "  - \"gpt-*\"\n"
        "  - o1\n"
        "  - o3\n"
        "  default: true\n"
        "  match:\n"
        "    pathPrefix: \"/llm\"\n"
        "  usage: asIs\n");
  CHECK_FALSE(test.gateway.asked());
  const std::string file = test.home.Write("made.yaml", made.out);
  CHECK(test.Run({"validate", "--partial", "-f", file}).status == 0);
}

TEST_CASE("create: every kind can be made with its options", "[cli][create]") {
  VerbTest test;
  const std::string terms = test.home.Write("terms.txt", "alpha\n\n  beta \r\n");
  const std::vector<std::pair<std::vector<std::string>, std::string>> all = {
      {{"identityprovider", "p", "--issuer", "https://idp.example", "--audience", "a,b"},
       "audiences:\n    - a\n    - b\n"},
      {{"identity", "i", "--kind", "ci", "--group", "ci", "--set", "match.provider=p", "--set",
        "match.claims.repo=r"},
       "claims:\n      repo: r\n"},
      {{"rolebinding", "r", "--role", "caller", "--group", "ci"}, "role: caller\n"},
      {{"credential", "c", "--bearer-env", "KEY"}, "bearer:\n    env: KEY\n"},
      {{"credential", "h", "--header", "api-key", "--header-env", "KEY"}, "name: api-key\n"},
      {{"credential", "f", "--set", "bearer=file:/run/key"}, "file: \"/run/key\"\n"},
      {{"dictionary", "d", "--term", "gamma", "--from-file", terms},
       "terms:\n  - gamma\n  - alpha\n  - beta\n"},
      {{"maskingprofile", "m", "--entity", "tier1,iban", "--prompt-entity", "secret.*"},
       "response:\n  - entity: tier1\n  - entity: iban\n"},
      {{"policy", "p", "--dictionary", "d", "--reviewer", "security", "--priority", "100", "--set",
        "then.review.hold=1m"},
       "priority: 100\n"},
      {{"Policy", "p", "--allow"}, "then:\n    allow: {}\n"}};
  for (const auto& [words, part] : all) {
    const RunResult made = test.Run(DryRun(words));
    INFO(made.out << made.err);
    CHECK(made.status == 0);
    CHECK_THAT(made.out, Catch::Contains(part));
  }
}

TEST_CASE("create: stores what there is not, and refuses what there is", "[cli][create]") {
  VerbTest test;
  test.gateway.Answer("ResourceService/GetResources", std::string(kNone));
  test.gateway.Answer("ResourceService/Apply", std::string(kCreated));
  const RunResult made = test.Run({"create", "dictionary", "words", "--term", "x"});
  CHECK(made.err == "");
  CHECK(made.out == "Dictionary/words created\n");
  CHECK_THAT(test.gateway.requests("ResourceService/Apply").at(0),
             Catch::Contains(R"(\"spec\":{\"terms\":[\"x\"]})"));

  VerbTest other;
  other.gateway.Answer(
      "ResourceService/GetResources",
      std::string(R"({"items":[{"kind":"Dictionary","name":"words"}],"nextPageToken":""})"));
  const RunResult refused = other.Run({"create", "dictionary", "words", "--term", "x"});
  CHECK(refused.status == 1);
  CHECK(refused.err ==
        "countersign: Dictionary/words exists; change it with countersign edit Dictionary words, "
        "or with countersign apply\n");
  CHECK(other.gateway.requests("ResourceService/Apply").empty());
}

TEST_CASE("create: mistakes name the option and say what is meant", "[cli][create]") {
  VerbTest test;
  const auto said = [&](std::vector<std::string> words) {
    return test.Run(DryRun(std::move(words))).err;
  };
  CHECK_THAT(said({"polcy", "p"}), Catch::Contains("did you mean policy?"));
  CHECK_THAT(said({"policy", "p", "--alow"}), Catch::Contains("did you mean --allow?"));
  CHECK_THAT(said({"policy", "p", "--set", "then.maskng=x"}),
             Catch::Contains("--set then.maskng: a Policy has no such field; did you mean "
                             "spec.then.masking?"));
  CHECK_THAT(said({"policy", "p", "--priority", "high"}),
             Catch::Contains("--priority: must be a number, not \"high\""));
  CHECK_THAT(said({"policy", "p", "--set", "when=x"}), Catch::Contains("set the fields in it"));
  CHECK_THAT(said({"policy", "p", "--set", "x"}), Catch::Contains("is not NAME=VALUE"));
  CHECK_THAT(said({"policy", "p"}), Catch::Contains("countersign: Policy/p: spec.then"));
  CHECK_THAT(said({"credential", "c"}), Catch::Contains("Credential/c: "));
  CHECK_FALSE(test.gateway.asked());
}

}  // namespace
}  // namespace countersign::cli::create
