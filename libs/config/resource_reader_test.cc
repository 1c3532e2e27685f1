#include "libs/config/resource_reader.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"

namespace countersign::config {
namespace {

std::string Errors(const std::string& yaml, const ExternalValues& values = {}) {
  return std::string(ReadResources({{"f.yaml", yaml}}, values).status().message());
}

std::string Policy(const std::string& then, const std::string& when = "") {
  return "apiVersion: countersign/v1\nkind: Policy\nmetadata: {name: p}\nspec:\n" +
         (when.empty() ? "" : "  when: " + when + "\n") + "  then: " + then + "\n";
}

constexpr char kOldPolicy[] = R"(apiVersion: countersign/v1
kind: Policy
metadata: {name: old}
spec:
  when:
    any:
      - pattern: {regex: '\bfoo\b'}
      - not: {pattern: {regex: 'foo\bбар'}}
  then: {deny: {}}
)";
constexpr char kOldProfile[] = R"(apiVersion: countersign/v1
kind: MaskingProfile
metadata: {name: old}
spec:
  prompt:
    - {entity: email}
    - {pattern: 'foo\bбар', label: X}
)";

}  // namespace

TEST_CASE("ReadResources: reads the contract's example", "[config]") {
  const auto read = ReadResources({{"f.yaml", R"(
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
  INFO(read.status());
  REQUIRE(read.ok());
  REQUIRE(read->size() == 2);
  CHECK((*read)[0].resource.kind == "Policy");
  CHECK((*read)[0].source == "f.yaml:2");
  const domain::Resource& dictionary = (*read)[1].resource;
  CHECK(dictionary.kind == "Dictionary");
  CHECK(dictionary.name == "hipaa");
  CHECK(dictionary.labels.at("team") == "legal");
  CHECK(dictionary.spec == R"({"terms":["diagnosis","patient record"]})");
  CHECK(dictionary.version == 0);
}

TEST_CASE("ReadResources: reports every mistake of every file at once", "[config]") {
  const auto read = ReadResources(
      {{"a.yaml", Policy("{allow: {}, maskng: x}")}, {"b.yaml", Policy("{}")}, {"c.yaml", "{"}},
      {});
  REQUIRE_FALSE(read.ok());
  const std::string text(read.status().message());
  CHECK(text.find("a.yaml:5: Policy/p: spec.then.maskng: unknown field") != std::string::npos);
  CHECK(text.find("b.yaml:5: Policy/p: spec.then: needs exactly one of review, deny, allow") !=
        std::string::npos);
  CHECK(text.find("c.yaml:1: not valid YAML") != std::string::npos);
}

TEST_CASE("ReadResources: a review with fewer than one approval is a mistake", "[config]") {
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

TEST_CASE("ReadResources: empty conditions and conditions with two kinds are mistakes",
          "[config]") {
  for (const char* when :
       {"{}", "{any: []}", "{all: x}", "{sometimes: {}}", "[a]", "{tokens: {}}",
        "{tokens: {over: -1}}", "{keywords: {}}", "{pattern: {regex: x, parts: [nobody]}}",
        "{parameter: {name: n}}", "{tokens: {over: 1}, keywords: {dictionary: d}}"}) {
    INFO(when);
    CHECK_FALSE(Errors(Policy("{allow: {}}", when)).empty());
  }
  CHECK(Errors(Policy("{allow: {}}", "{not: {all: [{tokens: {over: 1}}]}}")).empty());
}

TEST_CASE("ReadResources: a resource given twice is a mistake that names both places", "[config]") {
  const std::string text = Errors(Policy("{allow: {}}") + "---\n" + Policy("{allow: {}}"));
  CHECK(text == "f.yaml:7: Policy/p: stands at f.yaml:1 already");
}

TEST_CASE("ReadResources: wrong apiVersion, kind or metadata are refused", "[config]") {
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

TEST_CASE("ReadResources: reserved names cannot name a Connection", "[config]") {
  for (const char* name : {"v1", "console", "livez", "readyz", "metrics"}) {
    CHECK(Errors("apiVersion: countersign/v1\nkind: Connection\nmetadata: {name: " +
                 std::string(name) + "}\nspec: {protocol: openai, url: 'http://h/v1'}")
              .find("cannot name a Connection") != std::string::npos);
  }
}

TEST_CASE("ReadResources: external values replace their references, and secrets stay out of specs",
          "[config]") {
  const std::string yaml =
      "apiVersion: countersign/v1\nkind: Credential\nmetadata: {name: c}\nspec: {bearer: {env: "
      "KEY}}\n---\napiVersion: countersign/v1\nkind: Dictionary\nmetadata: {name: d}\nspec: {file: "
      "d.txt, terms: [a]}\n";
  CHECK(ExternalValueKeys({{"f.yaml", yaml}}) == std::set<std::string>{"env:KEY", "file:d.txt"});
  const auto read =
      ReadResources({{"f.yaml", yaml}}, {{"env:KEY", "sk-1\n"}, {"file:d.txt", "b\r\n\nc"}});
  INFO(read.status());
  REQUIRE(read.ok());
  CHECK((*read)[0].resource.spec.empty());
  CHECK((*read)[0].secret_spec.Reveal() == R"({"bearer":{"inline":"sk-1"}})");
  CHECK((*read)[1].resource.spec == R"({"terms":["a","b","c"]})");
  CHECK(Errors(yaml).find("the environment variable KEY is not set") != std::string::npos);
}

TEST_CASE("ReadResources: a listing printed by the gateway is read as its resources", "[config]") {
  const std::string one =
      "{apiVersion: countersign/v1, kind: Dictionary, metadata: {name: a}, spec: {terms: [x]}}";
  const auto read = ReadResources(
      {{"a.yaml", "items:\n- " + one + "\nnextPageToken: ''\n"}, {"b.json", R"({"items":[]})"}},
      {});
  INFO(read.status());
  REQUIRE(read.ok());
  REQUIRE(read->size() == 1);
  CHECK(read->front().source == "a.yaml:2");
  CHECK(read->front().resource.spec == R"({"terms":["x"]})");
  const auto other = ReadResources({{"a.yaml", "{items: [" + one + "], kind: Bag}"}}, {});
  CHECK_FALSE(other.ok());
}

TEST_CASE("ReadResources: only a Credential's withheld value means that it is kept", "[config]") {
  const auto credential = [](const std::string& spec) {
    return ReadResources(
        {{"a.yaml", "apiVersion: countersign/v1\nkind: Credential\nmetadata: {name: c}\nspec: " +
                        spec + "\n"}},
        {});
  };
  const auto kept = credential("{sealed: withheld}");
  REQUIRE(kept.ok());
  CHECK(kept->front().secret_spec.empty());
  for (const char* const spec : {"{sealed: v1.abc.def}", "{sealed: withheld, bearer: {inline: x}}",
                                 "{sealed: [withheld]}"}) {
    CHECK_FALSE(credential(spec).ok());
  }
}

TEST_CASE("ReadResources: a negation in a list of names is refused, because it would match nothing",
          "[config]") {
  const auto resource = [](const std::string& kind, const std::string& spec) {
    return ReadResources({{"a.yaml", "apiVersion: countersign/v1\nkind: " + kind +
                                         "\nmetadata: {name: r}\nspec: " + spec + "\n"}},
                         {})
        .status();
  };
  for (const char* const list : {"models", "groups", "identities", "connections", "operations"}) {
    const absl::Status refused = resource(
        "Policy", std::string("{match: {") + list + ": [ok, '!gpt-4o']}, then: {allow: {}}}");
    CHECK(refused.message().find(std::string("a.yaml:4: Policy/r: spec.match.") + list +
                                 "[1]: \"!gpt-4o\" does not mean") != std::string::npos);
  }
  CHECK(resource("Connection", "{protocol: openai, url: 'https://a.example/v1', models: ['!x']}")
            .message()
            .find("spec.models[0]") != std::string::npos);
  CHECK(
      resource("RoleBinding", "{role: caller, groups: ['!x']}").message().find("spec.groups[0]") !=
      std::string::npos);
  CHECK(resource("Policy", "{match: {models: ['gpt-!']}, then: {allow: {}}}").ok());
  for (const char* const list : {"models", "exceptModels"}) {
    CHECK(resource("Policy", std::string("{match: {") + list + ": ['!x']}, then: {allow: {}}}")
              .message()
              .find("write exceptModels: [x] for all models but x") != std::string::npos);
  }
}

TEST_CASE("ReadResources: a policy must not leave out all of its models", "[config]") {
  const auto policy = [](const std::string& match) {
    return ReadResources({{"a.yaml",
                           "apiVersion: countersign/v1\nkind: Policy\nmetadata: "
                           "{name: p}\nspec:\n  match:\n    " +
                               match + "\n  then: {allow: {}}\n"}},
                         {})
        .status();
  };
  CHECK(policy("exceptModels: [o3, 'gpt-*']").ok());
  CHECK(policy("{models: ['gpt-*'], exceptModels: [gpt-4o]}").ok());
  for (const char* const match :
       {"exceptModels: ['*']", "{models: [o3, gpt-4o], exceptModels: ['gpt-*', o3]}",
        "{models: ['gpt-4*'], exceptModels: ['gpt-*']}"}) {
    CAPTURE(match);
    CHECK(policy(match).message().find("spec.match.exceptModels: leaves out every model") !=
          std::string::npos);
  }
}

TEST_CASE("ReadResources: a credential has exactly one form", "[config]") {
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

TEST_CASE("SealedSpec: contains the sealed text", "[config]") {
  CHECK(SealedSpec("a\"b") == R"({"sealed":"a\"b"})");
}

TEST_CASE("KindFromUser: takes any case and the plural", "[config]") {
  CHECK(*KindFromUser("policies") == "Policy");
  CHECK(*KindFromUser("identity") == "Identity");
  CHECK(*KindFromUser("RoleBindings") == "RoleBinding");
  CHECK_FALSE(KindFromUser("pod").ok());
}

TEST_CASE("ReadResources: a file with edges that are refused is told where they are", "[config]") {
  const auto read = ReadResources({{"a.yaml", kOldPolicy}, {"b.yaml", kOldProfile}}, {});
  REQUIRE(absl::IsInvalidArgument(read.status()));
  INFO(read.status().message());
  CHECK(absl::StrContains(read.status().message(),
                          "a.yaml:8: Policy/old: spec.when.any[1].not.pattern.regex: at byte 3: "));
  CHECK(absl::StrContains(read.status().message(),
                          "b.yaml:7: MaskingProfile/old: spec.prompt[1].pattern: at byte 3: "));
}

TEST_CASE("FindRefusedEdges: stored resources are read and reported", "[config]") {
  domain::ResourceList stored;
  stored.version = 7;
  const auto add = [&](const char* kind, const char* spec) {
    domain::Resource& resource = stored.resources.emplace_back();
    resource.kind = kind;
    resource.name = "old";
    resource.spec = spec;
    resource.version = 7;
  };
  add("Policy", R"({"when":{"pattern":{"regex":"foo\\bбар"}},"then":{"deny":{}}})");
  add("MaskingProfile", R"({"response":[{"pattern":"дом\\b.+ключ","label":"X"}]})");
  const auto set = BuildResourceSet(stored);
  INFO(set.status());
  REQUIRE(set.ok());
  const std::vector<RefusedEdges> found = FindRefusedEdges(**set);
  REQUIRE(found.size() == 2);
  CHECK(found[0].resource == "Policy/old");
  CHECK(found[0].path == "spec.when.pattern.regex");
  CHECK(absl::StartsWith(found[0].why, "at byte 3: "));
  CHECK(found[1].resource == "MaskingProfile/old");
  CHECK(found[1].path == "spec.response[0].pattern");
}

}  // namespace countersign::config
