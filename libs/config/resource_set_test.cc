#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "libs/config/resource_reader.h"
#include "libs/config/testing/resource_text.h"

namespace countersign::config {
namespace {

using testing::ResourceText;

absl::StatusOr<std::shared_ptr<const domain::ResourceSet>> Build(const std::string& yaml) {
  auto read = ReadResources({{"f.yaml", yaml}}, {});
  INFO(read.status());
  REQUIRE(read.ok());
  domain::ResourceList list;
  list.version = 9;
  for (SourcedResource& source : *read) {
    source.resource.version = 7;
    if (!source.secret_spec.empty()) source.resource.spec = SealedSpec("sealed-text");
    list.resources.push_back(std::move(source.resource));
  }
  return BuildResourceSet(list);
}

TEST_CASE("BuildResourceSet: variants of a Dictionary need normalize: unicode", "[config]") {
  const auto read = [](const std::string& spec) {
    return ReadResources({{"a.yaml", ResourceText("Dictionary", "d", spec)}}, {});
  };
  const auto set = Build(ResourceText("Dictionary", "d", "{terms: [a], variants: [leet, spaced]}"));
  REQUIRE(set.ok());
  CHECK((*set)->dictionaries.at("d").leet);
  CHECK((*set)->dictionaries.at("d").spaced);
  CHECK(read("{terms: [a], variants: [pig-latin]}")
            .status()
            .message()
            .find("\"pig-latin\" is none of leet, spaced") != absl::string_view::npos);
  CHECK(read("{terms: [a], normalize: caseless, variants: [leet]}")
            .status()
            .message()
            .find("needs normalize: unicode") != absl::string_view::npos);
}

}  // namespace

TEST_CASE("BuildResourceSet: gives typed values with every field", "[config]") {
  const auto set = Build(
      ResourceText("Credential", "key", "{bearer: {inline: x}}") +
      ResourceText("Connection", "openai",
                   "{protocol: openai, url: 'http://127.0.0.1:9/v1/', credential: key, models: "
                   "['gpt-*'], default: true, match: {hosts: [m.example], pathPrefix: /m}}") +
      ResourceText("Identity", "bot", "{kind: agent, groups: [agents], owner: alice}") +
      ResourceText("Identity", "alice", "{kind: human}") +
      ResourceText("RoleBinding", "callers",
                   "{role: caller, groups: [agents], connections: [openai]}") +
      ResourceText("IdentityProvider", "idp", "{oidc: {issuer: 'https://idp', audiences: [api]}}") +
      ResourceText("Dictionary", "words", "{terms: [a], normalize: caseless}") +
      ResourceText("MaskingProfile", "standard",
                   "{response: [{entity: credit_card, action: keepLast, keep: 2}, {pattern: "
                   "'PRJ-[0-9]{4}', label: PROJECT, action: replace}]}") +
      ResourceText(
          "Policy", "p",
          "{priority: 5, match: {connections: [openai]}, when: {any: [{keywords: {dictionary: "
          "words}}]}, then: {review: {reviewers: [security], pendingTtl: 1m, grant: {ttl: 9s}}, "
          "masking: standard, recording: ordered}}"));
  INFO(set.status());
  REQUIRE(set.ok());
  const domain::Connection& connection = (*set)->connections.at("openai");
  CHECK(connection.url == "http://127.0.0.1:9/v1");
  CHECK(connection.version == 7);
  CHECK(connection.is_default);
  CHECK(connection.path_prefix == "/m");
  CHECK((*set)->credentials.at("key").sealed == "sealed-text");
  CHECK((*set)->identities.at("bot").owner == "alice");
  CHECK((*set)->dictionaries.at("words").normalize == domain::Normalize::kCaseless);
  CHECK((*set)->masking_profiles.at("standard").response[0].keep == 2);
  const domain::Policy& policy = (*set)->policies.at("p");
  CHECK(policy.verdict == domain::Verdict::kReview);
  CHECK(policy.review.pending_ttl == absl::Minutes(1));
  CHECK(policy.review.grant_ttl == absl::Seconds(9));
  CHECK(policy.recording == domain::Recording::kOrdered);
  CHECK(policy.when->children[0].path == "spec.when.any[0].keywords");
  CHECK((*set)->version == 9);
}

TEST_CASE("BuildResourceSet: two connections that claim the same requests are refused",
          "[config]") {
  const auto with = [](const std::string& one, const std::string& other) {
    const auto connection = [](const std::string& name, const std::string& match) {
      return ResourceText("Connection", name,
                          "{protocol: openai, url: 'http://127.0.0.1:9', match: " + match + "}");
    };
    return std::string(Build(connection("a", one) + connection("b", other)).status().message());
  };
  CHECK_THAT(with("{hosts: [m.example]}", "{hosts: [other.example, M.Example]}"),
             Catch::Contains("Connection/b: spec.match.hosts: Connection/a has the host") &&
                 Catch::Contains("m.example"));
  CHECK_THAT(with("{hosts: [m.example], pathPrefix: /x}", "{hosts: [m.example], pathPrefix: /x/}"),
             Catch::Contains("with this pathPrefix"));
  CHECK_THAT(with("{pathPrefix: /x}", "{pathPrefix: /x}"), Catch::Contains("the prefix \"/x\""));
  CHECK(with("{hosts: [m.example], pathPrefix: /x}", "{hosts: [m.example]}").empty());
  CHECK(with("{hosts: [m.example]}", "{hosts: [n.example]}").empty());
  CHECK(with("{hosts: [m.example, m.example]}", "{}").empty());
}

TEST_CASE("BuildResourceSet: reports every dangling reference", "[config]") {
  const auto set = Build(
      ResourceText("Policy", "p",
                   "{match: {connections: [gone]}, when: {keywords: {dictionary: lost}}, then: "
                   "{allow: {}, masking: missing}}") +
      ResourceText("Identity", "a", "{kind: ci, match: {provider: nobody, subject: s}}"));
  REQUIRE_FALSE(set.ok());
  const std::string text(set.status().message());
  CHECK(text.find("Policy/p: spec.match.connections[0]: there is no Connection \"gone\"") !=
        std::string::npos);
  CHECK(text.find("spec.when.keywords.dictionary: there is no Dictionary \"lost\"") !=
        std::string::npos);
  CHECK(text.find("there is no MaskingProfile \"missing\"") != std::string::npos);
  CHECK(text.find("there is no IdentityProvider \"nobody\"") != std::string::npos);
}

TEST_CASE("BuildResourceSet: masking rules are read with all their conditions", "[config]") {
  const std::string hash(64, 'A');
  const auto set =
      Build(ResourceText("MaskingProfile", "own",
                         "\n  response:\n"
                         "    - {template: 'PRJ-####', label: PROJECT, except: "
                         "[PRJ-0000], minCount: 3, priority: -5}\n"
                         "    - {pattern: '[0-9]{9}', validator: luhn, context: {words: "
                         "[Account, Konto Nr], assigned: true}}\n"
                         "    - {hashed: {pattern: '[0-9]{8}', values: [" +
                             hash +
                             "], key: {inline: k}}}\n"
                             "    - {hashed: {pattern: '[0-9]{8}', values: {inline: \"" +
                             hash + "\\n" + hash +
                             "\"}}}\n"
                             "  prompt:\n"
                             "    - {entity: email, action: placeholder}\n"
                             "    - {entity: iban, action: placeholder, restore: none}\n"
                             "    - {entity: phone, action: placeholder, restore: "
                             "{groups: [support], identities: [ben]}}\n"
                             "  unknownEvents: refuse"));
  INFO(set.status());
  REQUIRE(set.ok());
  const domain::MaskingProfile& profile = (*set)->masking_profiles.at("own");
  CHECK(profile.response[0].shape == "PRJ-####");
  CHECK(profile.response[0].except == std::vector<std::string>{"PRJ-0000"});
  CHECK(profile.response[0].min_count == 3);
  CHECK(profile.response[0].priority == -5);
  CHECK(profile.response[1].validator == "luhn");
  CHECK(profile.response[1].context_words == std::vector<std::string>{"account", "konto nr"});
  CHECK(profile.response[1].context_assigned);
  CHECK(profile.response[2].hashed->values == std::vector<std::string>{std::string(64, 'a')});
  CHECK(profile.response[2].hashed->key.Reveal() == "k");
  CHECK(profile.response[3].hashed->values.size() == 2);
  using Restore = domain::MaskingRule::Restore;
  CHECK(profile.prompt[0].restore == Restore::kCaller);
  CHECK(profile.prompt[1].restore == Restore::kNobody);
  CHECK(profile.prompt[2].restore == Restore::kNamed);
  CHECK(profile.prompt[2].restore_groups == std::vector<std::string>{"support"});
  CHECK(profile.prompt[2].restore_identities == std::vector<std::string>{"ben"});
  CHECK(profile.unknown_events == domain::UnknownEvents::kRefuse);
}

TEST_CASE("ReadResources: mistakes in masking rules are reported with their line", "[config]") {
  const auto mistakes = [](const std::string& rule) {
    const auto documents = ReadResources(
        {{"f.yaml", ResourceText("MaskingProfile", "own", "\n  response:\n    - " + rule)}}, {});
    return std::string(documents.ok() ? "" : documents.status().message());
  };
  const auto says = [&](const std::string& rule, const std::string& what) {
    CAPTURE(rule, mistakes(rule));
    CHECK(mistakes(rule).find("f.yaml:7: MaskingProfile/own: spec.response[0]") == 0);
    CHECK(mistakes(rule).find(what) != std::string::npos);
  };
  says("{template: '##', pattern: x}", "exactly one of entity, pattern, dictionary, template");
  says("{hashed: {values: [x]}}", "item 0 is no SHA-256");
  says("{hashed: {pattern: x, values: []}}", "needs at least one hash");
  says("{hashed: {pattern: x, values: {env: NOT_SET_ANYWHERE}}}", "NOT_SET_ANYWHERE is not set");
  says("{entity: email, action: placeholder}", "placeholder is for prompt rules");
  says("{entity: email, restore: none}", "needs action: placeholder");
  says("{entity: email, context: {words: [e-mail]}}", "is not made of words");
  says("{entity: email, context: {words: ['two  words']}}", "is not made of words");
  says("{entity: email, context: {}}", "needs at least one word");
  says("{entity: email, minCount: 0}", "minCount");
  says("{entity: email, exept: [x]}", "exept: unknown field; did you mean except?");
  says("{hashed: {pattern: x, values: {file: gone}}}", "the file gone could not be read");
  CHECK(mistakes("{hashed: {pattern: x, values: {file: gone}}}").find("SHA-256") ==
        std::string::npos);
}

TEST_CASE("ReadResources: a file without terms or hashes is named", "[config]") {
  const ExternalValues values = {{"file:empty.txt", "\n\r\n"}, {"file:empty.sha256", "\n"}};
  const auto documents =
      ReadResources({{"f.yaml", ResourceText("Dictionary", "d", "{file: empty.txt}") +
                                    ResourceText("MaskingProfile", "own",
                                                 "{response: [{hashed: {pattern: x, values: {file: "
                                                 "empty.sha256}}}]}")}},
                    values);
  const std::string text(documents.status().message());
  CAPTURE(text);
  CHECK(absl::StrContains(text, "Dictionary/d: spec.file: the file empty.txt holds no terms"));
  CHECK(absl::StrContains(text, "hashed.values: the file empty.sha256 is empty"));
  CHECK_FALSE(absl::StrContains(text, "SHA-256"));
}

TEST_CASE("ReadResources: unknownEvents is mask or refuse", "[config]") {
  const auto documents = ReadResources(
      {{"f.yaml", ResourceText("MaskingProfile", "own", "{response: [], unknownEvents: pass}")}},
      {});
  REQUIRE_FALSE(documents.ok());
  CHECK(absl::StrContains(documents.status().message(), "spec.unknownEvents"));
  CHECK(absl::StrContains(documents.status().message(), "mask, refuse"));
}

TEST_CASE("ReadResources: placeholders is keep or mask", "[config]") {
  const auto documents = ReadResources(
      {{"f.yaml", ResourceText("MaskingProfile", "own", "{response: [], placeholders: drop}")}},
      {});
  REQUIRE_FALSE(documents.ok());
  CHECK(absl::StrContains(documents.status().message(), "spec.placeholders"));
  CHECK(absl::StrContains(documents.status().message(), "keep, mask"));
}

TEST_CASE("BuildResourceSet: a damaged spec and an unknown kind are named", "[config]") {
  domain::ResourceList list;
  list.resources = {{"Policy", "p", {}, "{"}, {"Oracle", "o", {}, "{}"}};
  const auto set = BuildResourceSet(list);
  REQUIRE_FALSE(set.ok());
  CHECK_THAT(std::string(set.status().message()),
             Catch::Contains("Policy/p: stored text is damaged") &&
                 Catch::Contains("Oracle/o: this version does not know the kind"));
}

TEST_CASE("BuildResourceSet: two default connections are refused", "[config]") {
  CHECK_FALSE(
      Build(ResourceText("Connection", "a", "{protocol: openai, url: 'http://h', default: true}") +
            ResourceText("Connection", "b", "{protocol: openai, url: 'http://h', default: true}"))
          .ok());
}

}  // namespace countersign::config
