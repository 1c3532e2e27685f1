#include <catch2/catch.hpp>

#include "libs/config/resource_reader.h"

namespace countersign::config {
namespace {

absl::StatusOr<std::shared_ptr<const domain::ResourceSet>> Build(const std::string& yaml) {
  auto documents = ReadDocuments({{"f.yaml", yaml}}, {});
  INFO(documents.status());
  REQUIRE(documents.ok());
  for (ResourceDocument& document : *documents) {
    document.version = 7;
    if (!document.secret_spec.empty()) {
      document.document = SealedCredentialDocument(document, "sealed-text");
    }
  }
  return BuildResourceSet(9, *documents);
}

std::string Resource(const std::string& kind, const std::string& name, const std::string& spec) {
  return "---\napiVersion: countersign/v1\nkind: " + kind + "\nmetadata: {name: " + name +
         "}\nspec: " + spec + "\n";
}

TEST_CASE("BuildResourceSet: variants of a Dictionary, and where they cannot be", "[config]") {
  const auto read = [](const std::string& spec) {
    return ReadDocuments({{"a.yaml", Resource("Dictionary", "d", spec)}}, {});
  };
  const auto documents = read("{terms: [a], variants: [leet, spaced]}");
  REQUIRE(documents.ok());
  const auto set = BuildResourceSet(1, *documents);
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
      Resource("Credential", "key", "{bearer: {inline: x}}") +
      Resource("Connection", "openai",
               "{protocol: openai, url: 'http://127.0.0.1:9/v1/', credential: key, models: "
               "['gpt-*'], default: true, match: {hosts: [m.example], pathPrefix: /m}}") +
      Resource("Identity", "bot", "{kind: agent, groups: [agents], owner: alice}") +
      Resource("Identity", "alice", "{kind: human}") +
      Resource("RoleBinding", "callers",
               "{role: caller, groups: [agents], connections: [openai]}") +
      Resource("IdentityProvider", "idp", "{oidc: {issuer: 'https://idp', audiences: [api]}}") +
      Resource("Dictionary", "words", "{terms: [a], normalize: caseless}") +
      Resource("MaskingProfile", "standard",
               "{response: [{entity: credit_card, action: keepLast, keep: 2}, {pattern: "
               "'PRJ-[0-9]{4}', label: PROJECT, action: replace}]}") +
      Resource(
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

TEST_CASE("BuildResourceSet: no two connections claim the same requests", "[config]") {
  const auto with = [](const std::string& one, const std::string& other) {
    const auto connection = [](const std::string& name, const std::string& match) {
      return Resource("Connection", name,
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

TEST_CASE("BuildResourceSet: names every reference that leads nowhere", "[config]") {
  const auto set =
      Build(Resource("Policy", "p",
                     "{match: {connections: [gone]}, when: {keywords: {dictionary: lost}}, then: "
                     "{allow: {}, masking: missing}}") +
            Resource("Identity", "a", "{kind: ci, match: {provider: nobody, subject: s}}"));
  REQUIRE_FALSE(set.ok());
  const std::string text(set.status().message());
  CHECK(text.find("Policy/p: spec.match.connections[0]: there is no Connection \"gone\"") !=
        std::string::npos);
  CHECK(text.find("spec.when.keywords.dictionary: there is no Dictionary \"lost\"") !=
        std::string::npos);
  CHECK(text.find("there is no MaskingProfile \"missing\"") != std::string::npos);
  CHECK(text.find("there is no IdentityProvider \"nobody\"") != std::string::npos);
}

TEST_CASE("BuildResourceSet: two default connections are refused", "[config]") {
  CHECK_FALSE(
      Build(Resource("Connection", "a", "{protocol: openai, url: 'http://h', default: true}") +
            Resource("Connection", "b", "{protocol: openai, url: 'http://h', default: true}"))
          .ok());
}

}  // namespace countersign::config
