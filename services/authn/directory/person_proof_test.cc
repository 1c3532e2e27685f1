#include "services/authn/directory/person_proof.h"

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace countersign::authn::directory {
namespace {

using domain::OidcProfile;

constexpr OidcProfile kWithoutProof[] = {OidcProfile::kAny, OidcProfile::kJwt,
                                         OidcProfile::kAccessToken};
constexpr OidcProfile kWithProof[] = {OidcProfile::kSignedIn, OidcProfile::kAuth0,
                                      OidcProfile::kEntra,    OidcProfile::kGoogle,
                                      OidcProfile::kKeycloak, OidcProfile::kOkta};

// A verified token with these claims; `sub` is among them.
jose::VerifiedToken Token(const std::string& claims) {
  auto payload = json::Document::Parse(claims);
  INFO(claims << ": " << payload.status().ToString());
  REQUIRE(payload.ok());
  jose::VerifiedToken token;
  token.issuer = "https://idp.example";
  token.payload = std::make_shared<const json::Document>(*std::move(payload));
  token.subject = std::string(token.claims()["sub"].text());
  return token;
}

struct Sample {
  std::string what;
  std::string claims;
};

// Tokens of people, as each issuer writes them.
const std::vector<std::pair<OidcProfile, std::string>>& People() {
  static const auto* people = new std::vector<std::pair<OidcProfile, std::string>>{
      {OidcProfile::kSignedIn,
       R"({"sub":"248289761001","azp":"console","auth_time":1700000000,"amr":["pwd","otp"]})"},
      {OidcProfile::kAuth0,
       R"({"sub":"auth0|5f7c8ec7c33c6c004bbafe82","azp":"my_client","scope":"openid"})"},
      {OidcProfile::kEntra,
       R"({"sub":"AAAA-pairwise","oid":"6467882c-fdfd","tid":"aaaabbbb","scp":"access_as_user",
           "azp":"c44b4083-client","ver":"2.0"})"},
      {OidcProfile::kEntra, R"({"sub":"s","oid":"s","idtyp":"user","xms_sub_fct":"2 3"})"},
      {OidcProfile::kGoogle,
       R"({"sub":"110169484474386276334","azp":"1234.apps.googleusercontent.com","hd":"corp.example",
           "email":"ada@corp.example","email_verified":true})"},
      {OidcProfile::kKeycloak,
       R"({"sub":"0b0e7c0d-uuid","azp":"console","typ":"Bearer","preferred_username":"ada",
           "sid":"3a4e","acr":"1","realm_access":{"roles":["security"]}})"},
      {OidcProfile::kOkta,
       R"({"sub":"ada@corp.example","cid":"0oabucvyc38HLL1ef0h7","uid":"00uixa271s6x7qt8I0h7",
           "scp":["openid"]})"},
  };
  return *people;
}

// Tokens of programs, as issuers write them.
const std::vector<Sample>& Programs() {
  static const auto* programs = new std::vector<Sample>{
      {"Keycloak service account",
       R"({"sub":"9d7b-uuid","azp":"batch","clientHost":"10.0.0.1","clientAddress":"10.0.0.1",
           "client_id":"batch","preferred_username":"service-account-batch","sid":"1","uid":"u",
           "auth_time":1700000000})"},
      {"Keycloak service account without the client's mappers",
       R"({"sub":"9d7b-uuid","azp":"batch","preferred_username":"service-account-batch","sid":"1",
           "auth_time":1700000000})"},
      {"Entra application, with its group",
       R"({"sub":"6467882c","oid":"6467882c","idtyp":"app","azp":"c44b4083","azpacr":"2",
           "groups":["security"],"roles":["Review.All"],"scp":"x","auth_time":1,"uid":"u"})"},
      {"Entra agent identity", R"({"sub":"a","oid":"b","scp":"x","xms_act_fct":"3 11"})"},
      {"Entra agent's user", R"({"sub":"a","oid":"b","idtyp":"user","xms_sub_fct":"13"})"},
      {"Auth0 client credentials",
       R"({"sub":"jm9KQ@clients","azp":"jm9KQ","gty":"client-credentials"})"},
      {"Auth0 custom subject",
       R"({"sub":"auth0|robot","azp":"jm9KQ","gty":"client-credentials","auth_time":1})"},
      {"Auth0 grants in a list", R"({"sub":"auth0|robot","gty":["x","client-credentials"]})"},
      {"Okta client credentials", R"({"sub":"0oabuc","cid":"0oabuc","uid":"0oabuc","scp":["x"]})"},
      {"RFC 9068 client", R"({"sub":"batch","client_id":"batch","auth_time":1700000000})"},
      {"Google service account",
       R"({"sub":"1108","azp":"1108","hd":"corp.example","email_verified":true,
           "email":"robot@project.iam.gserviceaccount.com"})"},
      {"Google service account with another azp",
       R"({"sub":"1108","azp":"robot@project.iam.gserviceaccount.com","hd":"corp.example",
           "email_verified":true,"email":"robot@project.iam.gserviceaccount.com"})"},
      {"Google Compute Engine",
       R"({"sub":"1108","azp":"1109","hd":"x","email":"a@x","email_verified":true,
           "google":{"compute_engine":{"instance_name":"vm"}}})"},
      {"GitHub Actions",
       R"({"sub":"repo:octo/x:ref:refs/heads/main","repository_id":"7","job_workflow_ref":"o/x",
           "auth_time":1})"},
      {"GitHub Actions with a subject of its own",
       R"({"sub":"ada","repository_id":"7","runner_environment":"self-hosted","auth_time":1})"},
      {"GitLab CI",
       R"({"sub":"project_path:g/p:ref_type:branch:ref:main","project_path":"g/p","pipeline_id":"4",
           "user_login":"ada","auth_time":1})"},
      {"Kubernetes service account",
       R"({"sub":"system:serviceaccount:prod:batch","auth_time":1,
           "kubernetes.io":{"namespace":"prod"}})"},
      {"SPIFFE", R"({"sub":"spiffe://corp.example/batch","auth_time":1700000000})"},
      {"Cognito client credentials",
       R"({"sub":"1example23456789","client_id":"1example23456789","token_use":"access"})"},
      {"Entra v1 application", R"({"sub":"x","appid":"x","scp":"y","oid":"z"})"},
  };
  return *programs;
}

}  // namespace

TEST_CASE("ProvesPerson: each profile accepts its issuer's tokens of people", "[authn]") {
  for (const auto& [profile, claims] : People()) {
    CAPTURE(domain::ToString(profile), claims);
    CHECK(ProvesPerson(profile, Token(claims)));
    CHECK_FALSE(IsMarkedAsProgram(Token(claims)));
    CHECK(domain::KnowsPersons(profile));
  }
}

TEST_CASE("ProvesPerson: profiles without a proof accept no token", "[authn]") {
  for (const OidcProfile profile : kWithoutProof) {
    CHECK_FALSE(domain::KnowsPersons(profile));
    for (const auto& [of, claims] : People()) CHECK_FALSE(ProvesPerson(profile, Token(claims)));
  }
}

TEST_CASE("ProvesPerson: no profile accepts a program's token", "[authn]") {
  for (const Sample& program : Programs()) {
    CAPTURE(program.what);
    CHECK(IsMarkedAsProgram(Token(program.claims)));
    for (const OidcProfile profile : kWithProof) {
      CHECK_FALSE(ProvesPerson(profile, Token(program.claims)));
    }
  }
}

TEST_CASE("ProvesPerson: a program's token without any mark proves nothing", "[authn]") {
  for (const char* claims :
       {R"({"sub":"0b0e7c0d-uuid","azp":"batch"})", R"({"sub":"x","scope":"call"})",
        R"({"sub":"x","auth_time":0})", R"({"sub":"x","auth_time":"1700000000"})",
        R"({"sub":"x","uid":""})", R"({"sub":"x","uid":7})", R"({"sub":"|x"})", R"({"sub":"x|"})",
        R"({"sub":"x","oid":"x","scp":"y"})", R"({"sub":"x","oid":"y","scp":""})",
        R"({"sub":"x","oid":"y","roles":["Review.All"]})",
        R"({"sub":"x","email":"a@b.example","email_verified":true})",
        R"({"sub":"x","hd":"b.example","email":"a@b.example","email_verified":false})",
        R"({"sub":"x","preferred_username":"ada"})", R"({"sub":"x","sid":"1"})",
        R"({"sub":"x","preferred_username":"ada","sid":"1","client_id":"batch"})"}) {
    for (const OidcProfile profile : kWithProof) {
      CAPTURE(domain::ToString(profile), claims);
      CHECK_FALSE(ProvesPerson(profile, Token(claims)));
    }
  }
}

TEST_CASE("ProvesPerson: an actor for a person is not that person", "[authn]") {
  for (const auto& [profile, claims] : People()) {
    const std::string delegated =
        absl::StrCat(claims.substr(0, claims.rfind('}')), R"(,"act":{"sub":"robot"}})");
    CHECK(IsDelegated(Token(delegated)));
    CHECK_FALSE(ProvesPerson(profile, Token(delegated)));
  }
}

TEST_CASE("IsMarkedAsProgram: the token's own `sub` counts beside the provider's subjectClaim",
          "[authn]") {
  jose::VerifiedToken token = Token(R"({"sub":"batch","azp":"batch","oid":"6467"})");
  token.subject = "6467";
  CHECK(IsMarkedAsProgram(token));
}

}  // namespace countersign::authn::directory
