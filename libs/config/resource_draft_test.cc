#include "libs/config/resource_draft.h"

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/config/source_lines.h"
#include "libs/domain/prompt.h"

namespace countersign::config {
namespace {

std::string Resource(const std::string& kind, const std::string& name, const std::string& spec) {
  return "---\napiVersion: countersign/v1\nkind: " + kind + "\nmetadata: {name: " + name +
         "}\nspec:\n" + spec;
}

constexpr char kHeadPolicy[] =
    "  when:\n    pattern:\n      regex: a\n  then: {allow: {}, masking: own}\n";

}  // namespace

TEST_CASE("ReadDraft: reports mistakes of form and of references together, with lines",
          "[config]") {
  const ResourceDraft draft =
      ReadDraft({{"a.yaml", Resource("Policy", "p", kHeadPolicy)},
                 {"b.yaml", Resource("Dictionary", "d", "  terms: [x]\n  colour: red\n")}},
                {}, {});
  CHECK(draft.mistakes ==
        std::vector<std::string>{
            "b.yaml:7: Dictionary/d: spec.colour: unknown field",
            "a.yaml:9: Policy/p: spec.then.masking: there is no MaskingProfile \"own\""});
}

TEST_CASE("ReadDraft: references may lead outside with kMayLeadOutside", "[config]") {
  const auto policy =
      Resource("Policy", "p", "  when: {keywords: {dictionary: far}}\n  then: {allow: {}}\n");
  const ResourceDraft draft =
      ReadDraft({{"a.yaml", policy}}, {}, {.references = References::kMayLeadOutside});
  CHECK(draft.mistakes.empty());
  CHECK(draft.set->dictionaries.count("far") == 1);  // a placeholder, so that the rest compiles
}

TEST_CASE("ReadDraft: keeps the valid fields of a resource with mistakes", "[config]") {
  const ResourceDraft draft = ReadDraft(
      {{"a.yaml",
        Resource("MaskingProfile", "own", "  response: [{entity: email, aktion: hash}]\n") +
            Resource("Policy", "p", kHeadPolicy)}},
      {}, {});
  CHECK(draft.mistakes ==
        std::vector<std::string>{"a.yaml:6: MaskingProfile/own: "
                                 "spec.response[0].aktion: unknown field; did you mean action?"});
  CHECK(draft.set->masking_profiles.at("own").response.size() == 1);
  CHECK(draft.set->policies.count("p") == 1);
}

TEST_CASE("ReadDraft: a credential's value that is missing is one mistake", "[config]") {
  const ResourceDraft draft =
      ReadDraft({{"a.yaml", Resource("Credential", "c", "  bearer: {env: NOT_THERE}\n")}}, {}, {});
  REQUIRE(draft.mistakes.size() == 1);
  CHECK(draft.mistakes[0] ==
        "a.yaml:6: Credential/c: spec.bearer: the environment variable NOT_THERE is not set");
}

TEST_CASE("ReadDraft: secrets may be missing if the options allow it", "[config]") {
  const ResourceDraft draft = ReadDraft(
      {{"a.yaml",
        Resource("Credential", "c", "  basic:\n    username: u\n    password: {env: NO}\n") +
            Resource("Credential", "d",
                     "  mtls:\n    cert: {file: c.pem}\n"
                     "    key: {file: k.pem}\n") +
            Resource(
                "MaskingProfile", "m",
                "  response:\n    - {hashed: {pattern: a, key: {env: KEY}, values: {file: v}}}\n") +
            Resource("Dictionary", "w", "  file: none.txt\n")}},
      {}, {.secrets = Secrets::kMayBeMissing});
  REQUIRE(draft.mistakes.size() == 1);  // a Dictionary's terms are not secrets
  CHECK(draft.mistakes[0].find("Dictionary/w: spec.file: the file none.txt") != std::string::npos);
  using Names = std::vector<std::string>;
  REQUIRE(draft.resources.size() == 4);
  CHECK(draft.resources[0].missing_secrets == Names{"the environment variable NO"});
  CHECK(draft.resources[1].missing_secrets == Names{"the file c.pem", "the file k.pem"});
  CHECK(draft.resources[2].missing_secrets == Names{"the environment variable KEY", "the file v"});
  CHECK(draft.resources[3].missing_secrets.empty());
}

TEST_CASE("AddNewMistakes: leaves out what follows from a known mistake", "[config]") {
  ResourceDraft draft =
      ReadDraft({{"policies/a.yaml",
                  Resource("Policy", "p",
                           "  when:\n    all:\n      - pattern: {regex: '(', partss: [user]}\n"
                           "      - keywords: {}\n  then: {allow: {}}\n")}},
                {}, {});
  REQUIRE(draft.mistakes.size() == 2);
  AddNewMistakes({"Policy/p: spec.when.all[0].pattern.regex: at byte 1: no end",
                  "Policy/p: spec.when.all[0].pattern.partss: what is this?",
                  "Policy/p: spec.when.all[1].keywords: there is no Dictionary \"\"",
                  "Policy/p: spec.when.all[1].keywords.dictionary.x: within",
                  "Policy/other: spec.when.all[1].keywords: another resource", "no place at all"},
                 draft);
  REQUIRE(draft.mistakes.size() == 5);
  CHECK(draft.mistakes[2] ==
        "policies/a.yaml:8: Policy/p: spec.when.all[0].pattern.regex: at byte 1: no end");
  CHECK(draft.mistakes[3] == "Policy/other: spec.when.all[1].keywords: another resource");
  CHECK(draft.mistakes[4] == "no place at all");
}

TEST_CASE("ReadDraft: a malformed value and a file that is missing are one mistake each",
          "[config]") {
  const ResourceDraft draft =
      ReadDraft({{"a.yaml", Resource("Credential", "c", "  bearer: {envv: KEY}\n") +
                                Resource("Dictionary", "d", "  file: none.txt\n")}},
                {}, {});
  CHECK(draft.mistakes ==
        std::vector<std::string>{
            "a.yaml:6: Credential/c: spec.bearer: must be exactly one of {inline: …}, {env: NAME}, "
            "{file: PATH}",
            "a.yaml:12: Dictionary/d: spec.file: the file none.txt could not be read"});
}

TEST_CASE("ReadDraft: mistakes have the right line, also in included files", "[config]") {
  const ResourceDraft draft =
      ReadDraft({{"a.yaml", Resource("Dictionary", "d", "  terms:\n    - a\n    - [b]\n") +
                                Resource("Credential", "c",
                                         "  bearer: {env: KEY}\n  basic:\n    username: ''\n"
                                         "    password: {inline: x}\n") +
                                "---\napiVersion: countersign/v1\nkind: Policy\n"}},
                {{"env:KEY", "secret"}}, {});
  CHECK(draft.mistakes ==
        std::vector<std::string>{
            "a.yaml:8: Dictionary/d: spec.terms[1]: must be a text that is not empty",
            "a.yaml:16: Credential/c: spec.basic.username: must not be empty",
            "a.yaml:14: Credential/c: spec: needs exactly one of bearer, header, basic, mtls",
            "a.yaml:19: metadata: is required"});
}

TEST_CASE("ReadDraft: unknown operations are mistakes", "[config]") {
  const ResourceDraft draft =
      ReadDraft({{"a.yaml", Resource("Policy", "p",
                                     "  match:\n    operations:\n      - models.list\n"
                                     "      - chat.completion\n  then: {allow: {}}\n")}},
                {}, {});
  REQUIRE(draft.mistakes.size() == 1);
  CHECK(
      draft.mistakes[0] ==
      absl::StrCat("a.yaml:9: Policy/p: spec.match.operations[1]: \"chat.completion\" is none of ",
                   absl::StrJoin(domain::kOperations, ", "), ", and no path of a gRPC method"));
}

TEST_CASE("WithSourceLines: finds the line of the path or of the innermost enclosing field",
          "[config]") {
  const auto documents =
      ReadResources({{"a.yaml", Resource("Policy", "p", kHeadPolicy)}}, {}).value();
  CHECK(WithSourceLines({"Policy/p: spec.when.pattern.regex: bad", "Policy/p: spec.when.other: bad",
                         "Policy/p: odd", "Policy/q: spec.when: bad", "Policy/p: odd"},
                        documents) ==
        std::vector<std::string>{"a.yaml:8: Policy/p: spec.when.pattern.regex: bad",
                                 "a.yaml:7: Policy/p: spec.when.other: bad",
                                 "a.yaml:2: Policy/p: odd", "Policy/q: spec.when: bad"});
}

}  // namespace countersign::config
