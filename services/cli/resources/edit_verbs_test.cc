#include <catch2/catch.hpp>
#include <cstdlib>

#include "services/cli/testing/run_verb.h"
#include "services/cli/testing/sample_resources.h"

namespace countersign::cli {
namespace {

constexpr char kApply[] = "ResourceService/Apply";
constexpr char kDelete[] = "ResourceService/DeleteResource";

TEST_CASE_METHOD(VerbTest, "delete: takes KIND NAME and KIND/NAME", "[cli][verbs]") {
  gateway.Answer(kDelete, R"({"version":4,"waitingFor":["authn"]})");
  for (const std::vector<std::string>& named :
       {std::vector<std::string>{"policy", "p"}, {"Policies/p"}}) {
    std::vector<std::string> words = {"delete"};
    words.insert(words.end(), named.begin(), named.end());
    const RunResult run = Run(words);
    CHECK(run.status == 0);
    CHECK(run.out == "Policy/p deleted\n");
    CHECK(run.err == "countersign: stored, but not served yet by authn\n");
  }
  for (const std::string& request : gateway.requests(kDelete)) {
    CHECK(request == R"({"kind":"Policy","name":"p","noWait":false})");
  }
}

TEST_CASE_METHOD(VerbTest, "delete: a name that is missing or given twice is misuse",
                 "[cli][verbs]") {
  const RunResult missing = Run({"delete", "policy"});
  CHECK(missing.status == 2);
  CHECK(missing.err ==
        "countersign: name the Policy: KIND NAME or KIND/NAME (countersign get Policy lists "
        "them)\n");
  CHECK(Run({"delete", "policy/"}).status == 2);
  const RunResult twice = Run({"delete", "policy/p", "q"});
  CHECK(twice.status == 2);
  CHECK(twice.err ==
        "countersign: \"q\" is not KIND/NAME, as the others are; or write KIND NAME\n");
  CHECK_FALSE(gateway.asked());
}

TEST_CASE_METHOD(VerbTest, "delete: what refers to the resource is named", "[cli][verbs]") {
  gateway.Answer(kDelete, absl::FailedPreconditionError(
                              "Connection \"openai\" is in use by Policy/chat; change or delete "
                              "that first"));
  const RunResult run = Run({"delete", "connection", "openai"});
  CHECK(run.status == 1);
  CHECK(run.err.find("in use by Policy/chat") != std::string::npos);
}

TEST_CASE_METHOD(VerbTest, "delete -f: what the files have, referring resources first",
                 "[cli][verbs]") {
  gateway.Answer(kDelete, R"({"version":4,"waitingFor":[]})");
  const std::string path = home.Write(
      "a.yaml",
      "apiVersion: countersign/v1\nkind: Dictionary\nmetadata: {name: words}\nspec: {terms: [a]}\n"
      "---\napiVersion: countersign/v1\nkind: Policy\nmetadata: {name: p}\n"
      "spec: {when: {keywords: {dictionary: words}}, then: {deny: {}}}\n");
  const RunResult run = Run({"delete", "-f", path});
  CHECK(run.err.empty());
  CHECK(run.out == "Policy/p deleted\nDictionary/words deleted\n");
  CHECK(Run({"delete", "policy", "p", "-f", path}).status == 2);
  CHECK(Run({"delete"}).status == 2);
}

// An editor that appends a line to its file, or fails.
class Editor {
 public:
  explicit Editor(const std::string& command) {
    ::setenv("COUNTERSIGN_EDITOR", command.c_str(), 1);
  }
  ~Editor() { ::unsetenv("COUNTERSIGN_EDITOR"); }
};

TEST_CASE_METHOD(VerbTest, "edit: stores what the editor made of it", "[cli][verbs]") {
  Serve(gateway, SampleResources());
  gateway.Answer(kApply, R"({"version":8,"items":[
    {"kind":"Dictionary","name":"codenames","result":"configured"}],"waitingFor":[]})");
  const Editor editor("echo '  normalize: none' >>");
  const RunResult run = Run({"edit", "dictionary", "codenames"});
  CHECK(run.err.empty());
  CHECK(run.out == "Dictionary/codenames configured\n");
  const auto request = json::Document::Parse(gateway.requests(kApply).at(0));
  REQUIRE(request.ok());
  CHECK(request->root()["files"].at(0)["content"].text() ==
        "apiVersion: countersign/v1\nkind: Dictionary\nmetadata:\n  name: codenames\n"
        "spec:\n  terms:\n  - bluebird\n  - \"project atlas\"\n  normalize: none\n");
}

TEST_CASE_METHOD(VerbTest, "edit: nothing is stored when nothing changed or the editor failed",
                 "[cli][verbs]") {
  Serve(gateway, SampleResources());
  {
    const Editor editor("true");
    CHECK(Run({"edit", "dictionary/codenames"}).out == "nothing changed\n");
  }
  const Editor editor("false");
  const RunResult run = Run({"edit", "dictionary/codenames"});
  CHECK(run.status == 1);
  CHECK(run.err.find("the editor \"false\" failed; your text is in ") != std::string::npos);
  CHECK(gateway.requests(kApply).empty());
}

TEST_CASE_METHOD(VerbTest, "edit: a text with mistakes is kept, and its place is told",
                 "[cli][verbs]") {
  Serve(gateway, SampleResources());
  const Editor editor("echo '  colour: red' >>");
  const RunResult run = Run({"edit", "dictionary", "codenames"});
  CHECK(run.status == 1);
  CHECK(run.err.find("not applied; your text is in ") != std::string::npos);
  CHECK(run.err.find("spec.colour: unknown field") != std::string::npos);
}

TEST_CASE_METHOD(VerbTest, "apply --prune: deletes what has the labels and is not in the files",
                 "[cli][verbs]") {
  Serve(gateway, {{"Dictionary", Item("Dictionary", "words", "{}", R"({"by":"git"})")},
                  {"Dictionary", Item("Dictionary", "old", "{}", R"({"by":"git"})")},
                  {"Dictionary", Item("Dictionary", "mine", "{}")},
                  {"Policy", Item("Policy", "old", "{}", R"({"by":"git"})")}});
  gateway.Answer(kApply, R"({"version":8,"items":[
    {"kind":"Dictionary","name":"words","result":"unchanged"}],"waitingFor":[]})");
  gateway.Answer(kDelete, R"({"version":9,"waitingFor":[]})");
  const std::string path = home.Write(
      "a.yaml",
      "apiVersion: countersign/v1\nkind: Dictionary\nmetadata: {name: words, labels: {by: git}}\n"
      "spec: {terms: [a]}\n");
  const RunResult dry = Run({"apply", "-f", path, "--prune", "-l", "by=git", "--dry-run"});
  CHECK(dry.out ==
        "Dictionary/words unchanged (dry run)\nPolicy/old deleted (dry run)\n"
        "Dictionary/old deleted (dry run)\n");
  CHECK(gateway.requests(kDelete).empty());
  const RunResult run = Run({"apply", "-f", path, "--prune", "-l", "by=git"});
  CHECK(run.out == "Dictionary/words unchanged\nPolicy/old deleted\nDictionary/old deleted\n");
  CHECK(Run({"apply", "-f", path, "--prune"}).status == 2);
  CHECK(Run({"apply", "-f", path, "-l", "by=git"}).status == 2);
}

TEST_CASE_METHOD(VerbTest, "get, delete: a mistyped name is suggested", "[cli][verbs]") {
  const auto answer = [](const std::string& request) -> absl::StatusOr<std::string> {
    if (request.find(R"("name":"")") == std::string::npos) {
      return absl::NotFoundError("there is no Policy \"denylits\"");
    }
    return R"({"items":[{"kind":"Policy","name":"default"},{"kind":"Policy","name":"denylist"}],
               "nextPageToken":""})";
  };
  gateway.AnswerBy("ResourceService/GetResources", answer);
  gateway.Answer(kDelete, absl::NotFoundError("there is no Policy \"denylits\""));
  const std::string said = "countersign: there is no Policy \"denylits\"; did you mean denylist?\n";
  CHECK(Run({"get", "policy", "denylits"}).err == said);
  CHECK(Run({"delete", "policy", "denylits"}).err == said);
  gateway.Answer(kDelete, absl::NotFoundError("there is no Policy \"zzz\""));
  CHECK(Run({"delete", "policy", "zzz"}).err.find("did you mean") == std::string::npos);
}

}  // namespace
}  // namespace countersign::cli
