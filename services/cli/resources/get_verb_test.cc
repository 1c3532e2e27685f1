#include <catch2/catch.hpp>
#include <cstdlib>

#include "services/cli/testing/run_verb.h"
#include "services/cli/testing/sample_resources.h"

namespace countersign::cli {
namespace {

constexpr char kListed[] = R"({"items":[
  {"apiVersion":"countersign/v1","kind":"Dictionary","name":"words","labels":{"team":"legal"},
   "spec":"{\"terms\":[\"a\",\"b\"]}","version":3,"updatedAt":"2026-01-02T03:04:05.678Z"}],
  "nextPageToken":""})";

TEST_CASE_METHOD(VerbTest, "get -o yaml: one resource as apply reads it", "[cli][verbs]") {
  gateway.Answer(kGetResources, kListed);
  CHECK(Run({"get", "dictionary/words", "-o", "yaml"}).out ==
        "apiVersion: countersign/v1\n"
        "kind: Dictionary\n"
        "metadata:\n  name: words\n  labels:\n    team: legal\n"
        "spec:\n  terms:\n  - a\n  - b\n");
}

TEST_CASE_METHOD(VerbTest, "get -o json: all of a kind as a listing", "[cli][verbs]") {
  gateway.Answer(kGetResources, kListed);
  const RunResult run = Run({"get", "dictionaries", "-o", "json"});
  const auto document = json::Document::Parse(run.out);
  REQUIRE(document.ok());
  REQUIRE(document->root()["items"].size() == 1);
  const json::Value item = document->root()["items"].at(0);
  CHECK(item["metadata"]["name"].text() == "words");
  CHECK(item["spec"]["terms"].at(1).text() == "b");
  CHECK(document->root()["nextPageToken"].text().empty());
}

// A terminal of so many columns, while it exists.
class Columns {
 public:
  explicit Columns(const char* columns) { ::setenv("COLUMNS", columns, 1); }
  ~Columns() { ::unsetenv("COLUMNS"); }
};

TEST_CASE_METHOD(VerbTest, "get: the columns of every kind, at 80 columns", "[cli][verbs]") {
  const Columns terminal("80");
  Serve(gateway, SampleResources());
  const std::pair<const char*, const char*> kExpected[] = {
      {"identityproviders",
       "NAME     TYPE  ISSUER                                 AUDIENCES    PROFILE   AGE\n"
       "company  oidc  https://login.example.com/realms/com…  countersign  keycloak  -\n"},
      {"identities",
       "NAME         KIND  GROUPS    PROVIDER  AGE\n"
       "release-bot  ci    ci,build  company   -\n"},
      {"rolebindings",
       "NAME     ROLE      GROUPS    IDENTITIES  CONNECTIONS  AGE\n"
       "reviews  reviewer  security  ann         all          -\n"},
      {"credentials", "NAME    AGE\nopenai  -\n"},
      {"connections",
       "NAME    PROTOCOL  URL                        MODELS   CREDENTIAL  AGE\n"
       "openai  openai    https://api.openai.com/v1  gpt-4o*  openai      -\n"},
      {"dictionaries",
       "NAME       TERMS  NORMALIZE  AGE\n"
       "codenames  2      unicode    -\n"},
      {"maskingprofiles",
       "NAME      RESPONSE RULES  PROMPT RULES  AGE\n"
       "standard  1               0             -\n"},
      {"policies",
       "NAME       PRIORITY  VERDICT  MATCH                               REVIEWERS  AGE\n"
       "regulated  100       review   connections=openai groups=agents,…  security   -\n"},
  };
  for (const auto& [kind, table] : kExpected) {
    CHECK(Run({"get", kind}).out == table);
  }
}

TEST_CASE_METHOD(VerbTest, "get -o wide: has more columns", "[cli][verbs]") {
  Serve(gateway, SampleResources());
  const RunResult run = Run({"get", "policies", "-o", "wide"});
  CHECK(run.out.find("WHEN") != std::string::npos);
  CHECK(run.out.find("any of 2") != std::string::npos);
  CHECK(run.out.find("VERSION") != std::string::npos);
}

TEST_CASE_METHOD(VerbTest, "get: several names, several kinds, all", "[cli][verbs]") {
  Serve(gateway, SampleResources());
  CHECK(Run({"get", "policy/regulated", "dictionary/codenames", "-o", "name"}).out ==
        "policy/regulated\ndictionary/codenames\n");
  CHECK(Run({"get", "credential,dictionary", "--no-headers"}).out ==
        "credential/openai  -\n\ndictionary/codenames  2  unicode  -\n");
  const RunResult all = Run({"get", "all", "-o", "name"});
  CHECK(std::count(all.out.begin(), all.out.end(), '\n') == 8);
  const RunResult unknown = Run({"get", "policy", "regulated", "other"});
  CHECK(unknown.status == 1);
  CHECK(Run({"get", "policie"}).err.find("there is no kind \"policie\"") != std::string::npos);
  CHECK(Run({"get", "policy/a", "b"}).status == 2);
}

TEST_CASE_METHOD(VerbTest, "get: selects by label and sorts", "[cli][verbs]") {
  Serve(gateway,
        {{"Dictionary", Item("Dictionary", "a", R"({"terms":["x"]})", R"({"team":"red"})")},
         {"Dictionary", Item("Dictionary", "b", R"({"terms":[]})", R"({"team":"blue"})")},
         {"Dictionary", Item("Dictionary", "c", R"({"terms":[]})")}});
  const auto names = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words = {"get", "dictionaries", "-o", "name"};
    words.insert(words.end(), more.begin(), more.end());
    return Run(words).out;
  };
  CHECK(names({"-l", "team=red"}) == "dictionary/a\n");
  CHECK(names({"-l", "team!=red"}) == "dictionary/b\ndictionary/c\n");
  CHECK(names({"-l", "team"}) == "dictionary/a\ndictionary/b\n");
  CHECK(names({"-l", "!team"}) == "dictionary/c\n");
  CHECK(Run({"get", "dictionaries", "-l", "=x"}).status == 2);
  CHECK(Run({"get", "dictionaries", "--no-headers", "--sort-by", "terms"}).out ==
        "b  0  unicode  -\nc  0  unicode  -\na  1  unicode  -\n");
  CHECK(Run({"get", "dictionaries", "--sort-by", "{.x"}).status == 2);
}

TEST_CASE_METHOD(VerbTest, "get: a JSON path picks from the documents", "[cli][verbs]") {
  Serve(gateway, SampleResources());
  CHECK(
      Run({"get", "policy", "regulated", "-o", "jsonpath={.spec.then.review.reviewers[0]}"}).out ==
      "security");
  CHECK(Run({"get", "all", "-o", R"(jsonpath={range .items[*]}{.kind}{"\n"}{end})"})
            .out.find("Policy\n") != std::string::npos);
  CHECK(Run({"get", "policies", "-o", "jsonpath={.x"}).status == 2);
}

TEST_CASE_METHOD(VerbTest, "get: says when there is nothing", "[cli][verbs]") {
  Serve(gateway, {});
  const RunResult run = Run({"get", "policies"});
  CHECK(run.status == 0);
  CHECK(run.out.empty());
  CHECK(run.err == "countersign: no resources found\n");
}

}  // namespace
}  // namespace countersign::cli
