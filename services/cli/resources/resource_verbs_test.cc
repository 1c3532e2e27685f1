#include <yaml-cpp/yaml.h>

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "libs/config/fields.h"
#include "libs/json/writer.h"
#include "services/cli/output/output.h"
#include "services/cli/testing/run_verb.h"

namespace countersign::cli {
namespace {

constexpr char kApply[] = "ResourceService/Apply";
constexpr char kGet[] = "ResourceService/GetResources";
constexpr char kDelete[] = "ResourceService/DeleteResource";

constexpr char kDictionary[] =
    "apiVersion: countersign/v1\nkind: Dictionary\nmetadata: {name: words}\nspec: {terms: [a]}\n";

constexpr char kListed[] = R"({"items":[
  {"apiVersion":"countersign/v1","kind":"Dictionary","name":"words","labels":{"team":"legal"},
   "spec":"{\"terms\":[\"a\",\"b\"]}","version":3,"updatedAt":"2026-01-02T03:04:05.678Z"}],
  "nextPageToken":""})";

TEST_CASE_METHOD(VerbTest, "apply: sends the files as they are and prints each result",
                 "[cli][verbs]") {
  gateway.Answer(kApply, R"({"version":1,"items":[
    {"kind":"Dictionary","name":"words","result":"created","before":"","after":"{}"}],
    "waitingFor":[]})");
  const std::string path = home.Write("a.yaml", kDictionary);
  const RunResult run = Run({"apply", "-f", path});
  CHECK(run.status == 0);
  CHECK(run.out == "Dictionary/words created\n");
  CHECK(run.err.empty());
  const auto document = json::Document::Parse(gateway.requests(kApply).at(0));
  REQUIRE(document.ok());
  const json::Value file = document->root()["files"].at(0);
  CHECK(file["name"].text() == path);
  CHECK(file["content"].text() == kDictionary);
  CHECK(document->root()["dryRun"].boolean() == false);
  CHECK(document->root()["noWait"].boolean() == false);
}

TEST_CASE_METHOD(VerbTest, "apply: takes values from files beside the resource file",
                 "[cli][verbs]") {
  gateway.Answer(kApply, R"({"version":1,"items":[],"waitingFor":[]})");
  home.Write("words.txt", "alpha\nbeta\n");
  const std::string path =
      home.Write("a.yaml",
                 "apiVersion: countersign/v1\nkind: Dictionary\nmetadata: {name: words}\n"
                 "spec: {file: words.txt}\n");
  REQUIRE(Run({"apply", "-f", path, "--no-wait"}).status == 0);
  const auto document = json::Document::Parse(gateway.requests(kApply).at(0));
  REQUIRE(document.ok());
  CHECK(document->root()["values"]["file:words.txt"].text() == "alpha\nbeta\n");
  CHECK(document->root()["noWait"].boolean() == true);
}

TEST_CASE_METHOD(VerbTest, "apply: says which parts do not serve the version yet", "[cli][verbs]") {
  gateway.Answer(kApply, R"({"version":2,"items":[],"waitingFor":["edge","masking"]})");
  const RunResult run = Run({"apply", "-f", home.Write("a.yaml", kDictionary)});
  CHECK(run.status == 0);
  CHECK(run.err == "countersign: stored, but not served yet by edge, masking\n");
}

TEST_CASE_METHOD(VerbTest, "apply: mistakes are found here, each on a line, and nothing is sent",
                 "[cli][verbs]") {
  const std::string path =
      home.Write("a.yaml",
                 "apiVersion: countersign/v1\nkind: Dictionary\nmetadata: {name: words}\n"
                 "spec: {terms: [a], colour: red}\n---\n"
                 "apiVersion: countersign/v1\nkind: Policy\nmetadata: {name: p}\n"
                 "spec: {when: {pattern: {regex: '(?=a)'}}, then: {allow: {}}}\n");
  const RunResult run = Run({"apply", "-f", path});
  CHECK(run.status == 1);
  CHECK(run.out.empty());
  CHECK(run.err.find("countersign: " + path + ":4: Dictionary/words: spec.colour: unknown field") ==
        0);
  CHECK(run.err.find("\ncountersign: " + path + ":9: Policy/p: spec.when.pattern.regex: ") !=
        std::string::npos);
  CHECK_FALSE(gateway.asked());
}

TEST_CASE_METHOD(VerbTest, "apply: a refusal of the gateway is printed line by line",
                 "[cli][verbs]") {
  gateway.Answer(kApply, absl::InvalidArgumentError("Policy/p: spec: no\nPolicy/q: spec: no"));
  const RunResult run = Run({"apply", "-f", home.Write("a.yaml", kDictionary)});
  CHECK(run.status == 1);
  CHECK(run.err == "countersign: Policy/p: spec: no\ncountersign: Policy/q: spec: no\n");
}

TEST_CASE_METHOD(VerbTest, "diff: shows what changes as YAML lines, and exits with 1",
                 "[cli][verbs]") {
  gateway.Answer(kApply, R"({"version":1,"items":[
    {"kind":"Dictionary","name":"same","result":"unchanged","before":"{}","after":"{}"},
    {"kind":"Dictionary","name":"words","result":"configured",
     "before":"{\"normalize\":\"none\",\"terms\":[\"a\"]}","after":"{\"terms\":[\"a\",\"b\"]}"}],
    "waitingFor":[]})");
  const RunResult run = Run({"diff", "-f", home.Write("a.yaml", kDictionary)});
  CHECK(run.status == 1);
  CHECK(run.out ==
        "--- Dictionary/words (stored)\n+++ Dictionary/words (given)\n"
        "-normalize: none\n terms:\n - a\n+- b\n");
  CHECK(run.err == "countersign: 1 resource differs\n");
  CHECK(gateway.requests(kApply).at(0).find("\"dryRun\":true") != std::string::npos);
}

TEST_CASE_METHOD(VerbTest, "diff: exits with 0 where nothing differs and with 2 where it failed",
                 "[cli][verbs]") {
  const std::string path = home.Write("a.yaml", kDictionary);
  gateway.Answer(kApply, R"({"version":1,"items":[
    {"kind":"Dictionary","name":"words","result":"unchanged"}],"waitingFor":[]})");
  gateway.Answer(kApply, absl::UnavailableError("policy is away"));
  const RunResult same = Run({"diff", "-f", path});
  CHECK(same.status == 0);
  CHECK(same.out.empty());
  CHECK(Run({"diff", "-f", path}).status == 2);
  CHECK(Run({"diff", "-f", home.path + "/none.yaml"}).status == 2);
}

TEST_CASE_METHOD(VerbTest, "validate: counts what is valid, without a gateway", "[cli][verbs]") {
  const std::string path = home.Write("a.yaml", kDictionary);
  CHECK(Run({"validate", "-f", path}).out == "1 resource is valid\n");
  CHECK(Run({"validate", "-f", path, "-o", "json"}).out ==
        "{\n  \"valid\": 1,\n  \"unchecked\": [],\n  \"warnings\": []\n}\n");
  CHECK_FALSE(gateway.asked());
}

TEST_CASE_METHOD(VerbTest, "validate: a dangling reference is a mistake unless --partial is given",
                 "[cli][verbs]") {
  const std::string path =
      home.Write("p.yaml",
                 "apiVersion: countersign/v1\nkind: Policy\nmetadata: {name: p}\n"
                 "spec: {match: {connections: [openai]}, then: {allow: {}}}\n");
  const RunResult whole = Run({"validate", "-f", path});
  CHECK(whole.status == 1);
  CHECK(whole.err == "countersign: " + path +
                         ":4: Policy/p: spec.match.connections[0]: there is no Connection "
                         "\"openai\"\n");
  CHECK(Run({"validate", "--partial", "-f", path}).status == 0);
}

constexpr char kCredential[] =
    "apiVersion: countersign/v1\nkind: Credential\nmetadata: {name: openai}\n"
    "spec: {bearer: {env: A_KEY_THAT_IS_NOT_SET}}\n";

TEST_CASE_METHOD(VerbTest, "validate, diff, apply --dry-run: need no secret, and say so",
                 "[cli][verbs]") {
  gateway.Answer(kApply, R"({"version":1,"items":[
    {"kind":"Credential","name":"openai","result":"unchanged"}],"waitingFor":[]})");
  const std::string path = home.Write("a.yaml", kCredential);
  auto words = GENERATE(std::vector<std::string>{"validate"}, std::vector<std::string>{"diff"},
                        std::vector<std::string>{"apply", "--dry-run"});
  words.insert(words.end(), {"-f", path});
  const RunResult run = Run(words);
  CHECK(run.status == 0);
  CHECK(run.err ==
        "countersign: note: checked Credential/openai without the environment variable "
        "A_KEY_THAT_IS_NOT_SET\n");
}

TEST_CASE_METHOD(VerbTest, "apply: needs the secret", "[cli][verbs]") {
  const std::string path = home.Write("a.yaml", kCredential);
  const RunResult run = Run({"apply", "-f", path});
  CHECK(run.status == 1);
  CHECK(run.err == "countersign: " + path +
                       ":4: Credential/openai: spec.bearer: the environment variable "
                       "A_KEY_THAT_IS_NOT_SET is not set\n");
  CHECK_FALSE(gateway.asked());
}

TEST_CASE_METHOD(VerbTest, "validate: warns if a review would permit more than is allowed",
                 "[cli][verbs]") {
  const std::string path =
      home.Write("p.yaml",
                 "apiVersion: countersign/v1\nkind: Policy\nmetadata: {name: small}\n"
                 "spec: {match: {models: [gpt-4o-mini]}, then: {allow: {}}}\n---\n"
                 "apiVersion: countersign/v1\nkind: Policy\nmetadata: {name: long-ones}\n"
                 "spec: {when: {tokens: {over: 9}}, then: {review: {reviewers: [security]}}}\n");
  const RunResult run = Run({"validate", "-f", path});
  CHECK(run.status == 0);
  CHECK(run.out == "2 resources are valid\n");
  CHECK(run.err.find("countersign: warning: " + path +
                     ":9: Policy/long-ones: spec.match: an approval of this review opens all "
                     "models, but without a review only gpt-4o-mini is allowed") == 0);
}

TEST_CASE_METHOD(VerbTest, "get -o yaml|json: the output reads back as the same resources",
                 "[cli][verbs]") {
  // Every kind of value that a spec may have, and texts that YAML could read as something else.
  const std::string spec =
      R"({"a":[],"b":{},"c":[1,-2,1.5,1e-07,true,false,null,"1","true","null","~","1.5",""],)"
      R"("d":[["x"],[[1]],[{"k":["v"]}]],"e":"line\n\ttab \"q\" 'q' \\ # : - {} [] & * ! | >",)"
      R"("f":"caf\u00e9 \ud83d\ude00 \u202e \u0001 \u007f","g:h":" spaced ","sealed":"withheld","yes":"no"})";
  const auto stored = json::Document::Parse(spec);
  REQUIRE(stored.ok());
  for (const char* const format : {"yaml", "json"}) {
    for (const char* const what : {"policies", "policy/p"}) {
      FakeGateway fresh;
      std::swap(gateway, fresh);
      gateway.Answer(kGet,
                     absl::StrCat(R"({"items":[{"apiVersion":"countersign/v1","kind":"Policy",
        "name":"p","labels":{"a":"1","b":"yes"},"spec":)",
                                  json::Quote(spec), R"(,"version":3}],"nextPageToken":""})"));
      const RunResult run = Run({"get", what, "-o", format});
      INFO(run.out);
      std::string read;
      const YAML::Node document = YAML::Load(run.out);
      const YAML::Node item = document["items"].IsDefined() ? document["items"][0] : document;
      CHECK(item["metadata"]["labels"]["b"].Tag() == "!");
      REQUIRE(config::AppendCanonicalJson(item["spec"], read).ok());
      const auto again = json::Document::Parse(read);
      REQUIRE(again.ok());
      CHECK(output::ToJson(again->root()) == output::ToJson(stored->root()));
    }
  }
}

}  // namespace
}  // namespace countersign::cli
