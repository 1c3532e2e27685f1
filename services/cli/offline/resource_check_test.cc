#include "services/cli/offline/resource_check.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace countersign::cli::offline {
namespace {

using config::References;

std::string Resource(const std::string& kind, const std::string& name, const std::string& spec) {
  return "---\napiVersion: countersign/v1\nkind: " + kind + "\nmetadata: {name: " + name +
         "}\nspec:\n" + spec;
}

std::vector<std::string> Mistakes(const std::string& yaml,
                                  References references = References::kWithinFiles) {
  const auto checked = CheckResources({{"f.yaml", yaml}}, {}, {.references = references});
  if (checked.ok()) return {};
  return absl::StrSplit(checked.status().message(), '\n');
}

}  // namespace

TEST_CASE("CheckResources: counts valid resources", "[cli]") {
  const auto checked =
      CheckResources({{"f.yaml", Resource("Dictionary", "a", "  terms: [x]\n") +
                                     Resource("Policy", "p",
                                              "  when: {keywords: {dictionary: a}}\n"
                                              "  then: {allow: {}}\n")}},
                     {}, {});
  INFO(checked.status());
  REQUIRE(checked.ok());
  CHECK(checked->resources == 2);
}

TEST_CASE("CheckResources: a mistake in a policy's pattern has its line and position", "[cli]") {
  const auto mistakes = Mistakes(Resource(
      "Policy", "p",
      "  when:\n    any:\n      - tokens: {over: 1}\n      - pattern: {regex: 'ab(?<=c)'}\n"
      "  then: {allow: {}}\n"));
  REQUIRE(mistakes.size() == 1);
  CHECK(mistakes[0].find("f.yaml:9: Policy/p: spec.when.any[1].pattern.regex: ") == 0);
  CHECK(mistakes[0].find("at byte 2: ") != std::string::npos);
}

TEST_CASE("CheckResources: a profile's patterns, entities and dictionaries", "[cli]") {
  const auto mistakes =
      Mistakes(Resource("MaskingProfile", "m",
                        "  response:\n    - {pattern: 'a('}\n    - {entity: emial}\n"
                        "  prompt:\n    - {dictionary: none-such}\n"));
  REQUIRE(mistakes.size() == 3);
  CHECK(mistakes[0].find("f.yaml:7: MaskingProfile/m: spec.response[0].pattern: at byte ") == 0);
  CHECK(mistakes[1].find("f.yaml:8: MaskingProfile/m: spec.response[1].entity: unknown entity") ==
        0);
  CHECK(mistakes[2] ==
        "f.yaml:10: MaskingProfile/m: spec.prompt[0].dictionary: there is no Dictionary "
        "\"none-such\"");
}

TEST_CASE("CheckResources: placeholders are for prompts", "[cli]") {
  const auto mistakes = Mistakes(Resource("MaskingProfile", "m",
                                          "  prompt: [{entity: email, action: placeholder}]\n"
                                          "  response:\n"
                                          "    - {entity: email, action: placeholder}\n"));
  REQUIRE(mistakes.size() == 1);
  CHECK(mistakes[0].find("f.yaml:8: MaskingProfile/m: spec.response[0].action: ") == 0);
}

TEST_CASE("CheckResources: refuses bad addresses and credentials", "[cli]") {
  const auto mistakes = Mistakes(
      Resource("IdentityProvider", "idp",
               "  oidc:\n    issuer: http://idp.example\n    audiences: [a]\n") +
      Resource("Credential", "c",
               "  header:\n    name: Host\n    value: {inline: hidden-secret}\n") +
      Resource("Connection", "openai", "  protocol: openai\n  url: 'http://h:99999/v1'\n"));
  REQUIRE(mistakes.size() == 3);
  CHECK(mistakes[0].find("f.yaml:7: IdentityProvider/idp: spec.oidc.issuer: must be https") == 0);
  CHECK(mistakes[1].find("f.yaml:15: Credential/c: spec.header.name: ") == 0);
  CHECK(mistakes[2].find("f.yaml:23: Connection/openai: spec.url: ") == 0);
  for (const std::string& mistake : mistakes) {
    CHECK(mistake.find("hidden-secret") == std::string::npos);
  }
}

TEST_CASE("CheckResources: reports mistakes of all stages at once, in the files' order", "[cli]") {
  const auto checked = CheckResources(
      {{"a.yaml",
        Resource("Policy", "p", "  when: {pattern: {regex: '('}}\n  then: {allow: {}}\n")},
       {"b.yaml", Resource("Policy", "q", "  then: {allow: {}, colour: red}\n")},
       {"c.yaml", Resource("Policy", "r", "  then: {allow: {}, masking: none-such}\n")}},
      {}, {});
  const std::vector<std::string> mistakes = absl::StrSplit(checked.status().message(), '\n');
  REQUIRE(mistakes.size() == 3);
  CHECK(mistakes[0].find("a.yaml:6: ") == 0);
  CHECK(mistakes[1].find("b.yaml:6: ") == 0);
  CHECK(mistakes[2].find("c.yaml:6: ") == 0);
}

TEST_CASE("CheckResources: every mistake of one resource at once, refused patterns among them",
          "[cli]") {
  const auto policy = Mistakes(Resource("Policy", "p",
                                        "  priority: high\n"
                                        "  when:\n    all:\n"
                                        "      - pattern: {regex: 'a(', colour: red}\n"
                                        "      - pattern: {regex: '(?=b)'}\n"
                                        "      - pattern: {parts: [usr]}\n"
                                        "      - tokens: {}\n"
                                        "  then: {alow: {}}\n"));
  const std::vector<std::string> places = {
      ":6: Policy/p: spec.priority: ",
      ":9: Policy/p: spec.when.all[0].pattern.colour: unknown field",
      ":9: Policy/p: spec.when.all[0].pattern.regex: pattern \"a(\": at byte 1: ",
      ":10: Policy/p: spec.when.all[1].pattern.regex: pattern \"(?=b)\": at byte 0: ",
      ":11: Policy/p: spec.when.all[2].pattern.parts",
      ":11: Policy/p: spec.when.all[2].pattern.regex: is required",
      ":12: Policy/p: spec.when.all[3].tokens.over: is required",
      ":13: Policy/p: spec.then",
  };
  for (const std::string& place : places) {
    INFO(place << " in\n" << absl::StrJoin(policy, "\n"));
    CHECK(std::count_if(policy.begin(), policy.end(), [&](const std::string& mistake) {
            return mistake.find("f.yaml" + place) == 0;
          }) >= 1);
  }

  const auto profile = Mistakes(Resource(
      "MaskingProfile", "m",
      "  response:\n    - {pattern: 'a(', aktion: redact}\n    - {entity: emial}\n    - {}\n"));
  INFO(absl::StrJoin(profile, "\n"));
  CHECK(profile.size() == 4);

  const auto connection = Mistakes(Resource(
      "Connection", "c", "  protocol: openai\n  url: 'http://h:99999/v1'\n  colour: red\n"));
  INFO(absl::StrJoin(connection, "\n"));
  CHECK(connection.size() == 2);
}

TEST_CASE("CheckResources: secrets may be missing, even those that would be parsed", "[cli]") {
  const auto checked = CheckResources(
      {{"f.yaml",
        Resource("Credential", "tls", "  mtls:\n    cert: {file: c}\n    key: {env: NONE}\n") +
            Resource("Credential", "kept", "  sealed: withheld\n") +
            Resource("MaskingProfile", "m",
                     "  response:\n    - {hashed: {pattern: '[0-9]{8}', key: {env: NONE}, values: "
                     "{file: v}}}\n")}},
      {}, {.secrets = config::Secrets::kMayBeMissing});
  INFO(checked.status());
  REQUIRE(checked.ok());
  CHECK(checked->resources == 3);
  CHECK(checked->unchecked ==
        std::vector<std::string>{
            "Credential/tls without the file c and the environment variable NONE",
            "MaskingProfile/m without the environment variable NONE and the file v"});
}

TEST_CASE("CheckResources: a dangling reference is one mistake, or none if it may lead outside",
          "[cli]") {
  const std::string policy =
      Resource("Policy", "p",
               "  match: {connections: [far]}\n  when: {keywords: {dictionary: far}}\n"
               "  then: {allow: {}}\n") +
      Resource("Identity", "i", "  kind: human\n  match: {provider: far, subject: s}\n");
  CHECK(Mistakes(policy).size() == 3);
  CHECK(Mistakes(policy, References::kMayLeadOutside).empty());
}

}  // namespace countersign::cli::offline
