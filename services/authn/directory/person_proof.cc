#include "services/authn/directory/person_proof.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "libs/json/document.h"

namespace countersign::authn::directory {
namespace {

using domain::OidcProfile;
using json::Type;

// Claims that only tokens of programs have.
constexpr absl::string_view kProgramClaims[] = {
    // Keycloak's service accounts
    "clientHost", "clientAddress",
    // Kubernetes service accounts
    "kubernetes.io", "kubernetes.io/serviceaccount/service-account.name",
    // Workloads: GitHub Actions, GitLab CI, Bitbucket, Buildkite, CircleCI, Terraform Cloud,
    // Google Compute Engine
    "job_workflow_ref", "repository_id", "runner_environment", "project_path", "pipeline_id",
    "namespace_path", "repositoryUuid", "pipelineUuid", "pipeline_slug",
    "oidc.circleci.com/project-id", "terraform_workspace_id", "google"};

// Prefixes and suffixes of subjects that only programs have.
constexpr absl::string_view kProgramPrefixes[] = {
    "system:", "spiffe://", "repo:", "project_path:", "service-account-", "organization:"};
constexpr absl::string_view kProgramSuffixes[] = {"@clients", ".gserviceaccount.com"};

// Claims with the client that a token was issued to.
constexpr absl::string_view kClientClaims[] = {"azp", "client_id", "cid", "appid"};

bool IsServiceAccountName(absl::string_view name) {
  return absl::StartsWith(name, "service-account-") || absl::EndsWith(name, "@clients") ||
         absl::EndsWith(name, ".gserviceaccount.com");
}

// The words of `claim`: a string, split at white space, or an array of strings.
std::vector<std::string> Words(json::Value claim) {
  std::vector<std::string> words;
  if (claim.is(Type::kString)) {
    words = absl::StrSplit(claim.text(), absl::ByAnyChar(" \t"), absl::SkipEmpty());
  }
  if (claim.is(Type::kArray)) {
    for (std::size_t i = 0; i < claim.size(); ++i) words.emplace_back(claim.at(i).text());
  }
  return words;
}

bool IsClientCredentials(absl::string_view grant) {
  return absl::StartsWithIgnoreCase(grant, "client-credentials") ||
         absl::StartsWithIgnoreCase(grant, "client_credentials");
}

// Entra's agents sign in like applications or like users; these facets mark them.
bool IsEntraAgent(json::Value facets) {
  const std::vector<std::string> words = Words(facets);
  return std::any_of(words.begin(), words.end(),
                     [](const std::string& word) { return word == "11" || word == "13"; });
}

bool NamesService(const jose::VerifiedToken& token) {
  const absl::string_view subject = token.subject;
  for (const absl::string_view prefix : kProgramPrefixes) {
    if (absl::StartsWith(subject, prefix)) return true;
  }
  for (const absl::string_view suffix : kProgramSuffixes) {
    if (absl::EndsWith(subject, suffix)) return true;
  }
  for (const char* claim : {"preferred_username", "email", "upn", "unique_name", "username"}) {
    if (IsServiceAccountName(token.claims()[claim].text())) return true;
  }
  return false;
}

bool ComesOfClientCredentials(const jose::VerifiedToken& token) {
  for (const char* claim : {"gty", "grant_type", "grant", "grant_id", "amr"}) {
    const std::vector<std::string> grants = Words(token.claims()[claim]);
    if (std::any_of(grants.begin(), grants.end(), IsClientCredentials)) return true;
  }
  return false;
}

// True for a non-empty string.
bool HasText(const jose::VerifiedToken& token, absl::string_view claim) {
  return token.claims()[claim].is(Type::kString) && !token.claims()[claim].text().empty();
}

// The time when the person signed in (OpenID Connect Core 1.0, section 2; RFC 9068, section 2.2.1).
// Some servers write 0 for programs.
bool HasAuthTime(const jose::VerifiedToken& token) {
  return token.claims()["auth_time"].integer().value_or(0) > 0;
}

// For an application itself `scp` is absent, and the subject is the object id.
bool IsEntraUser(const jose::VerifiedToken& token) {
  if (HasText(token, "idtyp")) return token.claims()["idtyp"].text() == "user";
  return HasText(token, "scp") && HasText(token, "oid") &&
         token.claims()["oid"].text() != token.claims()["sub"].text();
}

bool IsGoogleUser(const jose::VerifiedToken& token) {
  return HasText(token, "hd") && HasText(token, "email") &&
         token.claims()["email_verified"].boolean().value_or(false);
}

// A user's subject is "CONNECTION|ID".
bool IsAuth0User(const jose::VerifiedToken& token) {
  const absl::string_view subject = token.claims()["sub"].text();
  const std::size_t bar = subject.find('|');
  return bar != absl::string_view::npos && bar > 0 && bar + 1 < subject.size();
}

bool IsKeycloakUser(const jose::VerifiedToken& token) {
  const json::Value claims = token.claims();
  return HasText(token, "preferred_username") && !claims["client_id"].exists() &&
         !claims["clientId"].exists() && (HasText(token, "sid") || HasText(token, "session_state"));
}

}  // namespace

bool IsMarkedAsProgram(const jose::VerifiedToken& token) {
  const json::Value claims = token.claims();
  // `sub` may differ from the subject that the provider's subjectClaim names.
  const absl::string_view sub = claims["sub"].text();
  for (const absl::string_view claim : kClientClaims) {
    const absl::string_view client = claims[claim].text();
    if (!client.empty() && (client == token.subject || client == sub)) return true;
  }
  for (const absl::string_view claim : kProgramClaims) {
    if (claims[claim].exists()) return true;
  }
  if (claims["idtyp"].exists() && claims["idtyp"].text() != "user") return true;
  if (IsEntraAgent(claims["xms_act_fct"]) || IsEntraAgent(claims["xms_sub_fct"])) return true;
  return IsServiceAccountName(sub) || NamesService(token) || ComesOfClientCredentials(token);
}

bool IsDelegated(const jose::VerifiedToken& token) { return token.claims()["act"].exists(); }

bool ProvesPerson(OidcProfile profile, const jose::VerifiedToken& token) {
  if (IsMarkedAsProgram(token) || IsDelegated(token)) return false;
  switch (profile) {
    case OidcProfile::kAny:
    case OidcProfile::kJwt:
    case OidcProfile::kAccessToken: return false;
    case OidcProfile::kSignedIn: return HasAuthTime(token);
    case OidcProfile::kAuth0: return IsAuth0User(token);
    case OidcProfile::kEntra: return IsEntraUser(token);
    case OidcProfile::kGoogle: return IsGoogleUser(token);
    case OidcProfile::kKeycloak: return IsKeycloakUser(token);
    case OidcProfile::kOkta: return HasText(token, "uid");
  }
  return false;
}

}  // namespace countersign::authn::directory
