#include "libs/config/kinds.h"

#include <catch2/catch.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/config/testing/read_fields.h"

// The readers of each kind, without the surrounding files.
namespace countersign::config {
namespace {

using Catch::Contains;

// The mistakes that `read` reports for `spec`; "" if none.
template <typename Read>
std::string ListMistakes(const Read& read, const std::string& spec) {
  return testing::ReadFields(spec, "spec", [&](Fields& fields) { read("name", fields); });
}

// The typed value of a spec without mistakes.
template <typename Read>
auto ReadValid(const Read& read, const std::string& spec) {
  decltype(read("name", std::declval<Fields&>())) value;
  const std::string mistakes =
      testing::ReadFields(spec, "spec", [&](Fields& fields) { value = read("name", fields); });
  INFO(mistakes);
  REQUIRE(mistakes.empty());
  return value;
}

TEST_CASE("ReadIdentityProvider: every field, and the defaults of those left out", "[config]") {
  const auto full = ReadValid(ReadIdentityProvider,
                              "{oidc: {issuer: 'https://i.example', audiences: [a, b], jwksUri: "
                              "'https://i.example/keys', algorithms: [ES256], groupsClaim: roles, "
                              "subjectClaim: oid, profile: at+jwt}}");
  REQUIRE(full.oidc.has_value());
  CHECK(full.name == "name");
  CHECK(full.oidc->audiences == std::vector<std::string>{"a", "b"});
  CHECK(full.oidc->jwks_uri == "https://i.example/keys");
  CHECK(full.oidc->algorithms == std::vector<std::string>{"ES256"});
  CHECK(full.oidc->groups_claim == "roles");
  CHECK(full.oidc->subject_claim == "oid");
  CHECK(full.oidc->profile == domain::OidcProfile::kAccessToken);
  const auto least =
      ReadValid(ReadIdentityProvider, "{oidc: {issuer: 'https://i.example', audiences: [a]}}");
  CHECK(least.oidc->jwks_uri.empty());
  CHECK(least.oidc->groups_claim == "groups");
  CHECK(least.oidc->subject_claim == "sub");
  CHECK(least.oidc->algorithms.size() == 4);
  CHECK(least.oidc->profile == domain::OidcProfile::kAny);
}

TEST_CASE("ReadConnection: passThrough", "[config]") {
  const auto spec = [](const std::string& protocol, const std::string& paths) {
    return absl::StrCat("{protocol: ", protocol, ", url: 'https://m.example', passThrough: ", paths,
                        "}");
  };
  CHECK(ReadValid(ReadConnection, spec("openai", "[/v1/files, '/v1/audio/*']")).pass_through ==
        std::vector<std::string>{"/v1/files", "/v1/audio/*"});
  CHECK_THAT(ListMistakes(ReadConnection, spec("anthropic", "[files, '/v1/a%2fb', '/v1/a?b']")),
             Contains("\"files\" must be a path") && Contains("a%2fb") && Contains("a?b"));
  CHECK_THAT(ListMistakes(ReadConnection, spec("grpc", "[/v1/files]")),
             Contains("openai and anthropic alone"));
}

TEST_CASE("ReadIdentityProvider: login", "[config]") {
  const auto login = [](const std::string& fields) {
    return absl::StrCat("{oidc: {issuer: 'https://i.example', audiences: [a], login: {", fields,
                        "}}}");
  };
  const auto least = ReadValid(ReadIdentityProvider, login("clientId: cli"));
  CHECK(least.oidc->login->client_id == "cli");
  CHECK(least.oidc->login->scopes == std::vector<std::string>{"openid"});
  CHECK_FALSE(least.oidc->login->use_id_token);
  const auto full =
      ReadValid(ReadIdentityProvider,
                login("clientId: cli, scopes: [openid, 'api://gw/.default'], token: idToken"));
  CHECK(full.oidc->login->scopes == std::vector<std::string>{"openid", "api://gw/.default"});
  CHECK(full.oidc->login->use_id_token);
  CHECK_THAT(ListMistakes(ReadIdentityProvider, login("scopes: ['openid email'], token: jwt")),
             Contains("login.clientId: is required") && Contains("\"openid email\" is no scope") &&
                 Contains("accessToken"));
}

TEST_CASE("ReadIdentityProvider: every profile is read by its name", "[config]") {
  for (const char* name :
       {"JWT", "at+jwt", "auth-time", "auth0", "entra", "google", "keycloak", "okta"}) {
    const auto provider =
        ReadValid(ReadIdentityProvider, absl::StrCat("{oidc: {issuer: 'https://i.example', "
                                                     "audiences: [a], profile: '",
                                                     name, "'}}"));
    CHECK(domain::ToString(provider.oidc->profile) == name);
  }
}

TEST_CASE("ReadIdentityProvider: values that would weaken verification are refused", "[config]") {
  const auto with = [](const std::string& more) {
    return ListMistakes(ReadIdentityProvider,
                        "{oidc: {issuer: 'https://i', audiences: [a], " + more + "}}");
  };
  CHECK_THAT(with("algorithms: [none]"), Contains("\"none\" is not accepted"));
  CHECK_THAT(with("algorithms: [HS256]"), Contains("\"HS256\" is not accepted"));
  CHECK_THAT(with("algorithms: []"), Contains("must not be empty"));
  CHECK_THAT(with("profile: any"), Contains("must be one of JWT, at+jwt"));
  CHECK_THAT(with("jwksUri: 'ftp://i'"), Contains("must be an http:// or https:// address"));
  CHECK_THAT(ListMistakes(ReadIdentityProvider, "{oidc: {issuer: 'https://i'}}"),
             Contains("spec.oidc.audiences: is required"));
  CHECK_THAT(ListMistakes(ReadIdentityProvider, "{oidc: {audiences: [a]}}"),
             Contains("spec.oidc.issuer: is required"));
  CHECK_THAT(ListMistakes(ReadIdentityProvider, "{}"), Contains("spec: needs oidc or saml"));
  CHECK_THAT(with("audiences: [b]}, saml: {metadata: m, audience: a"),
             Contains("spec: needs oidc or saml, not both"));
}

TEST_CASE("ReadIdentityProvider: SAML", "[config]") {
  const auto least = ReadValid(ReadIdentityProvider, "{saml: {metadata: <m/>, audience: us}}");
  CHECK_FALSE(least.oidc.has_value());
  REQUIRE(least.saml.has_value());
  CHECK(least.saml->metadata == "<m/>");
  CHECK(least.saml->audience == "us");
  CHECK(least.saml->groups_attribute == "groups");
  CHECK(least.saml->subject_attribute.empty());
  CHECK_FALSE(least.saml->signs_in_people);
  const auto full = ReadValid(
      ReadIdentityProvider,
      "{saml: {metadataUrl: 'https://idp.example/md?appid=1', audience: us, recipients: [r], "
      "issuer: 'urn:idp', groupsAttribute: g, subjectAttribute: uid, nameAttribute: n, profile: "
      "authn-statement}}");
  CHECK(full.saml->metadata_url == "https://idp.example/md?appid=1");
  CHECK(full.saml->recipients == std::vector<std::string>{"r"});
  CHECK(full.saml->issuer == "urn:idp");
  CHECK(full.saml->groups_attribute == "g");
  CHECK(full.saml->subject_attribute == "uid");
  CHECK(full.saml->name_attribute == "n");
  CHECK(full.saml->signs_in_people);
}

TEST_CASE("ReadIdentityProvider: what is wrong with SAML, all at once", "[config]") {
  const std::string mistakes = ListMistakes(
      ReadIdentityProvider,
      "{saml: {metadata: m, metadataUrl: 'ftp://i', recipients: [], profile: any, more: 1}}");
  CHECK_THAT(mistakes, Contains("spec.saml: needs exactly one of metadata, metadataFile"));
  CHECK_THAT(mistakes, Contains("spec.saml.metadataUrl: must be an http:// or https://"));
  CHECK_THAT(mistakes, Contains("spec.saml.audience: is required"));
  CHECK_THAT(mistakes, Contains("spec.saml.recipients: must not be empty"));
  CHECK_THAT(mistakes, Contains("spec.saml.profile: must be one of authn-statement"));
  CHECK_THAT(mistakes, Contains("spec.saml.more"));
  const auto with = [](const std::string& saml) {
    return ListMistakes(ReadIdentityProvider, "{saml: {" + saml + "}}");
  };
  CHECK_THAT(with("audience: a"), Contains("needs exactly one of metadata"));
  CHECK_THAT(with("audience: a, metadata: ''"), Contains("spec.saml.metadata: must not be empty"));
  CHECK_THAT(with("audience: a, metadataFile: f"), Contains("is read by the countersign command"));
  CHECK_THAT(with("audience: a, metadata: m, profile: authn-statement"),
             Contains("spec.saml.issuer: is required with profile"));
}

TEST_CASE("ReadIdentity: a match by subject or by claims", "[config]") {
  const auto by_subject = ReadValid(
      ReadIdentity, "{kind: agent, match: {provider: p, subject: s}, groups: [g], owner: ann}");
  CHECK(by_subject.kind == domain::IdentityKind::kAgent);
  CHECK(by_subject.match->subject == "s");
  CHECK(by_subject.groups == std::vector<std::string>{"g"});
  CHECK(by_subject.owner == "ann");
  const auto by_claims =
      ReadValid(ReadIdentity, "{kind: ci, match: {provider: p, claims: {repo: x/y}}}");
  CHECK(by_claims.match->claims.at("repo") == "x/y");
  CHECK_FALSE(ReadValid(ReadIdentity, "{kind: human}").match.has_value());
}

TEST_CASE("ReadIdentity: a match of every token, and an unknown kind, are refused", "[config]") {
  CHECK_THAT(ListMistakes(ReadIdentity, "{kind: human, match: {provider: p}}"),
             Contains("it would match every token of the provider"));
  CHECK_THAT(ListMistakes(ReadIdentity, "{kind: robot}"), Contains("must be one of human"));
  CHECK_THAT(ListMistakes(ReadIdentity, "{}"), Contains("spec.kind: is required"));
  CHECK_THAT(ListMistakes(ReadIdentity, "{kind: ci, match: {subject: s}}"),
             Contains("spec.match.provider: is required"));
}

TEST_CASE("ReadRoleBinding: gives a role on the named connections, or on all", "[config]") {
  const auto bound =
      ReadValid(ReadRoleBinding, "{role: reviewer, groups: [security], connections: [openai]}");
  CHECK(bound.role == domain::Role::kReviewer);
  CHECK(bound.connections == std::vector<std::string>{"openai"});
  CHECK(ReadValid(ReadRoleBinding, "{role: admin, identities: [ann]}").connections.empty());
  CHECK_THAT(ListMistakes(ReadRoleBinding, "{role: admin}"),
             Contains("needs groups or identities"));
  // An empty list would otherwise mean all connections.
  CHECK_THAT(ListMistakes(ReadRoleBinding, "{role: admin, groups: [g], connections: []}"),
             Contains("spec.connections: must not be empty"));
  CHECK_THAT(ListMistakes(ReadRoleBinding, "{role: root, groups: [g]}"),
             Contains("must be one of admin, reviewer, auditor, caller, proxy"));
}

TEST_CASE("ReadConnection: every field", "[config]") {
  const auto connection = ReadValid(
      ReadConnection,
      "{protocol: openai, url: 'https://api.example/v1//', credential: key, models: ['gpt-*'], "
      "match: {hosts: [m.example], pathPrefix: /team}, tokenizer: o200k_base, default: true, "
      "organization: org-1, project: proj_1, usage: asIs, network: {private: true}}");
  CHECK(connection.protocol == domain::Protocol::kOpenAi);
  CHECK(connection.url == "https://api.example/v1");
  CHECK(connection.credential == "key");
  CHECK(connection.models == std::vector<std::string>{"gpt-*"});
  CHECK(connection.hosts == std::vector<std::string>{"m.example"});
  CHECK(connection.path_prefix == "/team");
  CHECK(connection.tokenizer == "o200k_base");
  CHECK(connection.is_default);
  CHECK(connection.network_private);
  CHECK(connection.organization == "org-1");
  CHECK(connection.usage_as_is);
  CHECK(connection.project == "proj_1");
}

TEST_CASE("ReadConnection: addresses with user information, query or fragment are refused",
          "[config]") {
  const auto with_url = [](const std::string& url) {
    return ListMistakes(ReadConnection, "{protocol: openai, url: '" + url + "'}");
  };
  for (const char* url : {"api.example", "ftp://api.example", "https://", "https:///v1"}) {
    INFO(url);
    CHECK_THAT(with_url(url), Contains("must be an http:// or https:// address"));
  }
  for (const char* url : {"https://u:p@h", "https://h/#f", "https://h/?q=1", "https://h/a b"}) {
    INFO(url);
    CHECK_THAT(with_url(url), Contains("without credentials, query or fragment"));
  }
  CHECK(with_url("http://127.0.0.1:9").empty());
}

TEST_CASE("ReadConnection: Anthropic's protocol", "[config]") {
  const domain::Connection connection =
      ReadValid(ReadConnection, "{protocol: anthropic, url: 'https://api.anthropic.com'}");
  CHECK(connection.protocol == domain::Protocol::kAnthropic);
  CHECK_THAT(ListMistakes(ReadConnection, "{protocol: anthropic, url: 'grpc://h'}"),
             Contains("must be an http://"));
}

TEST_CASE("ReadConnection: KServe's V2 protocol, at addresses of gRPC, too", "[config]") {
  const domain::Connection connection =
      ReadValid(ReadConnection, "{protocol: kserve-v2, url: 'grpc://triton:8001'}");
  CHECK(connection.protocol == domain::Protocol::kKserveV2);
  CHECK(connection.url == "grpc://triton:8001");
  CHECK(ReadValid(ReadConnection, "{protocol: kserve-v2, url: 'grpcs://triton'}").url ==
        "grpcs://triton");
  CHECK_THAT(ListMistakes(ReadConnection, "{protocol: kserve-v2, url: 'ftp://h'}"),
             Contains("must be a grpc://"));
  CHECK_THAT(ListMistakes(ReadConnection, "{protocol: openai, url: 'grpc://h'}"),
             Contains("must be an http://"));
}

TEST_CASE("ReadConnection: an unknown protocol or tokenizer names the known ones", "[config]") {
  CHECK_THAT(ListMistakes(ReadConnection, "{protocol: smtp, url: 'http://h'}"),
             Contains("must be one of openai"));
  CHECK_THAT(ListMistakes(ReadConnection, "{protocol: openai, url: 'http://h', tokenizer: words}"),
             Contains("no tokenizer \"words\"; known are "));
  CHECK_THAT(ListMistakes(ReadConnection, "{url: 'http://h'}"),
             Contains("spec.protocol: is required"));
  CHECK_THAT(ListMistakes(ReadConnection,
                          "{protocol: openai, url: 'http://h', match: {pathPrefix: team}}"),
             Contains("spec.match.pathPrefix: must begin with /"));
}

TEST_CASE("ReadConnection: usage is requested unless it is said to stay as it is", "[config]") {
  const auto usage_as_is = [](const std::string& more) {
    return ReadValid(ReadConnection, "{protocol: openai, url: 'http://h'" + more + "}").usage_as_is;
  };
  CHECK_FALSE(usage_as_is(""));
  CHECK_FALSE(usage_as_is(", usage: request"));
  CHECK(usage_as_is(", usage: asIs"));
  CHECK_THAT(ListMistakes(ReadConnection, "{protocol: openai, url: 'http://h', usage: asis}"),
             Contains("spec.usage: \"asis\" is none of request, asIs"));
}

// package c; message M { string t = 1; } service S { rpc Do(M) returns (M); }
constexpr char kSet[] = "CigSAWMiDAoBTRIHCgF0GAEoCTIVCgFTEhAKAkRvEgQuYy5NGgQuYy5N";

TEST_CASE("ReadConnection: the services of a grpc connection", "[config]") {
  const std::string begin = "{protocol: grpc, url: 'grpc://h:1'";
  const domain::Connection connection =
      ReadValid(ReadConnection, begin + ", descriptors: {inline: " + kSet +
                                    "}, texts: {request: [t], response: ['**.t'], endAfter: 2s}}");
  REQUIRE(connection.schema != nullptr);
  CHECK(connection.schema->FindMethod("/c.S/Do") != nullptr);
  CHECK(connection.request_texts == std::vector<std::string>{"t"});
  CHECK(connection.response_texts == std::vector<std::string>{"**.t"});
  CHECK(connection.texts_end_after == absl::Seconds(2));
  CHECK(ReadValid(ReadConnection, begin + "}").schema == nullptr);
  CHECK(ReadValid(ReadConnection, begin + "}").texts_end_after == absl::InfiniteDuration());
}

TEST_CASE("ReadConnection: descriptors that cannot be read say what and where", "[config]") {
  const auto mistakes = [](const std::string& protocol, const std::string& base64) {
    return ListMistakes(ReadConnection, "{url: 'http://h:1', protocol: " + protocol +
                                            ", descriptors: {inline: '" + base64 + "'}}");
  };
  CHECK_THAT(mistakes("grpc", "*"), Contains("spec.descriptors.inline: must be base64"));
  CHECK_THAT(mistakes("grpc", "CgUSAXg="), Contains("spec.descriptors: descriptor set: "));
  CHECK_THAT(mistakes("grpc", "CgMSAXg="),
             Contains("spec.descriptors: descriptor set: it has no service"));
  CHECK_THAT(mistakes("openai", "CgMSAXg="),
             Contains("spec.descriptors: is for protocol grpc alone"));
}

TEST_CASE("CheckCredentialSpec: exactly one form, with all its values", "[config]") {
  const auto check = [](const std::string& spec) {
    return ListMistakes([](const std::string&, Fields& fields) { CheckCredentialSpec(fields); },
                        spec);
  };
  CHECK(check("{bearer: {inline: x}}").empty());
  CHECK(check("{header: {name: x-api-key, value: {inline: x}}}").empty());
  CHECK(check("{mtls: {cert: {inline: c}, key: {inline: k}}}").empty());
  CHECK_THAT(check("{}"), Contains("needs exactly one of bearer, header, basic, mtls"));
  CHECK_THAT(check("{bearer: {inline: ''}}"), Contains("must not be empty"));
  CHECK_THAT(check("{header: {value: {inline: x}}}"), Contains("spec.header.name: is required"));
  CHECK_THAT(check("{mtls: {cert: {inline: c}}}"), Contains("spec.mtls.key.inline: is required"));
  CHECK_THAT(check("{bearer: {inline: x}, token: y}"), Contains("spec.token: unknown field"));
}

TEST_CASE("ReadSealedCredential: accepts sealed specs only", "[config]") {
  CHECK(ReadValid(ReadSealedCredential, "{sealed: abc}").sealed == "abc");
  CHECK_THAT(ListMistakes(ReadSealedCredential, "{bearer: {inline: x}}"),
             Contains("spec.sealed: is required") && Contains("spec.bearer: unknown field"));
}

TEST_CASE("ReadPolicy: every field of a review, and its defaults", "[config]") {
  const auto policy = ReadValid(
      ReadPolicy,
      "{priority: -5, match: {connections: [c], groups: [g], identities: [i], models: [m], "
      "operations: [chat.completions]}, then: {review: {reviewers: [security, legal], approvals: "
      "2, pendingTtl: 1h, hold: 90s, grant: {kind: oneShot, ttl: 10m}}, masking: none, recording: "
      "ordered}}");
  CHECK(policy.priority == -5);
  CHECK(policy.match.operations == std::vector<std::string>{"chat.completions"});
  CHECK(policy.verdict == domain::Verdict::kReview);
  CHECK(policy.review.approvals == 2);
  CHECK(policy.review.pending_ttl == absl::Hours(1));
  CHECK(policy.review.hold == absl::Seconds(90));
  CHECK(policy.review.grant_ttl == absl::Minutes(10));
  CHECK(policy.masking == "none");
  CHECK(policy.recording == domain::Recording::kOrdered);
  const auto least = ReadValid(ReadPolicy, "{then: {review: {reviewers: [security]}}}");
  CHECK(least.review.approvals == 1);
  CHECK(least.review.pending_ttl == absl::Minutes(15));
  CHECK(least.review.hold == absl::Minutes(4));
  CHECK(least.review.grant_ttl == absl::Minutes(5));
  CHECK(least.masking == "tier1");
  CHECK(least.recording == domain::Recording::kStrict);
  CHECK_FALSE(least.when.has_value());
}

TEST_CASE("ReadPolicy: exactly one verdict", "[config]") {
  const char expected[] = "spec.then: needs exactly one of review, deny, allow";
  CHECK_THAT(ListMistakes(ReadPolicy, "{then: {}}"), Contains(expected));
  CHECK_THAT(ListMistakes(ReadPolicy, "{then: {deny: {}, allow: {}}}"), Contains(expected));
  CHECK_THAT(ListMistakes(ReadPolicy, "{}"), Contains("spec.then: is required"));
  CHECK_THAT(ListMistakes(ReadPolicy, "{then: {allow: {always: true}}}"),
             Contains("spec.then.allow.always: unknown field"));
  CHECK(ReadValid(ReadPolicy, "{then: {deny: {message: no}}}").deny_message == "no");
}

TEST_CASE("ReadPolicy: bounds of times and priorities", "[config]") {
  const auto review = [](const std::string& more) {
    return ListMistakes(ReadPolicy, "{then: {review: {reviewers: [a], " + more + "}}}");
  };
  CHECK(review("hold: 0s").empty());
  CHECK_THAT(review("hold: 271s"), Contains("spec.then.review.hold: must be from 0 to 4m30s"));
  CHECK_THAT(review("pendingTtl: 25h"), Contains("must be from 1s to 24h"));
  CHECK_THAT(review("grant: {ttl: 9h}"), Contains("spec.then.review.grant.ttl: must be from"));
  CHECK_THAT(review("grant: {kind: window}"), Contains("must be one of oneShot"));
  CHECK_THAT(ListMistakes(ReadPolicy, "{priority: 1000001, then: {allow: {}}}"),
             Contains("spec.priority: must be from -1000000 to 1000000"));
}

TEST_CASE("ReadPolicy: conditions keep their tree and their paths", "[config]") {
  const auto policy = ReadValid(
      ReadPolicy,
      "{when: {all: [{any: [{keywords: {dictionary: d, parts: [user]}}, {pattern: {regex: x, "
      "normalize: caseless}}]}, {not: {parameter: {name: temperature, over: 0.5}}}]}, then: "
      "{allow: {}}}");
  using Kind = domain::Condition::Kind;
  const domain::Condition& all = *policy.when;
  REQUIRE(all.kind == Kind::kAll);
  REQUIRE(all.children.size() == 2);
  const domain::Condition& any = all.children[0];
  REQUIRE(any.kind == Kind::kAny);
  CHECK(any.children[0].path == "spec.when.all[0].any[0].keywords");
  CHECK(std::get<domain::KeywordsCondition>(any.children[0].leaf).parts ==
        std::vector<std::string>{"user"});
  CHECK(std::get<domain::PatternCondition>(any.children[1].leaf).normalize ==
        domain::Normalize::kCaseless);
  const domain::Condition& negated = all.children[1];
  REQUIRE(negated.kind == Kind::kNot);
  const auto& parameter = std::get<domain::ParameterCondition>(negated.children[0].leaf);
  CHECK(parameter.name == "temperature");
  CHECK(parameter.over == 0.5);
}

TEST_CASE("ReadPolicy: conditions nested deeper than 16 levels are refused", "[config]") {
  const auto nested = [](int levels) {
    std::string when = "{tokens: {over: 1}}";
    for (int i = 0; i < levels; ++i) when = "{not: " + when + "}";
    return ListMistakes(ReadPolicy, "{when: " + when + ", then: {allow: {}}}");
  };
  CHECK(nested(16).empty());
  CHECK_THAT(nested(17), Contains("nested deeper than 16 levels"));
}

TEST_CASE("ReadMaskingProfile: built-in names, and profiles without rules, are refused",
          "[config]") {
  CHECK_THAT(testing::ReadFields("{response: []}", "spec",
                                 [](Fields& fields) { ReadMaskingProfile("tier1", fields); }),
             Contains("\"tier1\" is built in and cannot be changed"));
  CHECK_THAT(ListMistakes(ReadMaskingProfile, "{}"), Contains("needs response or prompt rules"));
  CHECK_THAT(
      ListMistakes(ReadMaskingProfile, "{response: [{entity: email, action: replace, keep: 2}]}"),
      Contains("spec.response[0].keep: needs action: keepLast"));
  CHECK_THAT(ListMistakes(ReadMaskingProfile, "{response: [{pattern: x, label: low}]}"),
             Contains("may have upper-case letters, digits and _ only"));
}

TEST_CASE("ReadMaskingProfile: a rule leaves entities to an analyzer", "[config]") {
  domain::MaskingProfile profile;
  CHECK(testing::ReadFields("{response: [{analyzer: names, entities: [person, location], "
                            "minScore: 0.65, label: WHO}, {analyzer: names, entities: [age]}]}",
                            "spec",
                            [&](Fields& fields) { profile = ReadMaskingProfile("p", fields); })
            .empty());
  REQUIRE(profile.response.size() == 2);
  CHECK(profile.response[0].entity == "names/person,location@0.65");
  CHECK(profile.response[0].label == "WHO");
  CHECK(profile.response[1].entity == "names/age@0.5");
}

TEST_CASE("ReadMaskingProfile: all mistakes of a rule for an analyzer", "[config]") {
  const std::string mistakes = ListMistakes(
      ReadMaskingProfile,
      "{response: [{analyzer: N, minScore: 2, validator: luhn}, {analyzer: n, entities: [A, b c]}, "
      "{entity: email, analyzer: n, entities: [x]}, {entity: email, entities: [x], minScore: 1}, "
      "{entity: 'n/x@0.5'}, {analyzer: n, entities: [x], context: {words: [a]}}]}");
  for (const char* const mistake :
       {"[0].analyzer: must be a name", "[0].minScore: must be from 0 to 1",
        "[0].entities: needs at least one entity", "[0].validator: is not for what an analyzer",
        "[1].entities: \"A\" is no name", "[1].entities: \"b c\" is no name",
        "[2]: needs exactly one of entity", "[3].entities: needs an analyzer",
        "[3].minScore: needs an analyzer", "[4].entity: is no detector",
        "[5].context: is not for what an analyzer finds"}) {
    CHECK_THAT(mistakes, Contains(mistake));
  }
}

}  // namespace
}  // namespace countersign::config
