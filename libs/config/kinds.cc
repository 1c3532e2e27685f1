#include "libs/config/kinds.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/text/tokens/tokenizer_names.h"

namespace countersign::config {
namespace {

std::vector<std::string> RequiredStrings(Fields& fields, absl::string_view name) {
  std::vector<std::string> values = fields.Strings(name);
  if (!fields.Has(name)) fields.Mistake(name, "is required");
  if (fields.Has(name) && values.empty()) fields.Mistake(name, "must not be empty");
  return values;
}

void CheckUrl(Fields& fields, absl::string_view name, absl::string_view url,
              bool may_be_grpc = false) {
  if (url.empty()) return;
  const bool http = absl::StartsWith(url, "http://") || absl::StartsWith(url, "https://");
  const bool grpc =
      may_be_grpc && (absl::StartsWith(url, "grpc://") || absl::StartsWith(url, "grpcs://"));
  const std::size_t host = url.find("://") + 3;
  if (!(http || grpc) || host >= url.size() || url[host] == '/') {
    fields.Mistake(name, may_be_grpc ? "must be a grpc://, grpcs://, http:// or https:// address"
                                     : "must be an http:// or https:// address");
  } else if (absl::StrContains(url, '@') || absl::StrContains(url, '#') ||
             absl::StrContains(url, ' ') || absl::StrContains(url, '?')) {
    fields.Mistake(name, "must be an address without credentials, query or fragment");
  }
}

domain::IdentityProvider::Oidc::Login ReadLogin(Fields& login) {
  domain::IdentityProvider::Oidc::Login out;
  out.client_id = login.Required("clientId");
  if (login.Has("scopes")) out.scopes = RequiredStrings(login, "scopes");
  for (const std::string& scope : out.scopes) {
    // scope-token of RFC 6749 §3.3: several would stand in one.
    if (absl::c_any_of(scope,
                       [](char c) { return c <= ' ' || c > '~' || c == '"' || c == '\\'; })) {
      login.Mistake("scopes", absl::StrCat("\"", scope, "\" is no scope"));
    }
  }
  out.use_id_token = login.Choice("token", {"accessToken", "idToken"}) == "idToken";
  return out;
}

domain::IdentityProvider::Oidc ReadOidc(Fields& oidc) {
  domain::IdentityProvider::Oidc out;
  out.issuer = oidc.Required("issuer");
  CheckUrl(oidc, "issuer", out.issuer);
  out.audiences = RequiredStrings(oidc, "audiences");
  out.jwks_uri = oidc.String("jwksUri");
  CheckUrl(oidc, "jwksUri", out.jwks_uri);
  static const std::set<std::string> kAlgorithms = {"RS256", "RS384", "RS512", "PS256", "PS384",
                                                    "PS512", "ES256", "ES384", "EdDSA"};
  if (oidc.Has("algorithms")) out.algorithms = RequiredStrings(oidc, "algorithms");
  for (const std::string& algorithm : out.algorithms) {
    if (kAlgorithms.count(algorithm) == 0) {
      oidc.Mistake("algorithms", absl::StrCat("\"", algorithm, "\" is not accepted"));
    }
  }
  out.groups_claim = oidc.String("groupsClaim", out.groups_claim);
  out.subject_claim = oidc.String("subjectClaim", out.subject_claim);
  out.name_claim = oidc.String("nameClaim", out.name_claim);
  out.profile = domain::OidcProfileFromString(oidc.Choice(
      "profile", {"JWT", "at+jwt", "auth-time", "auth0", "entra", "google", "keycloak", "okta"}));
  if (oidc.Has("login")) {
    Fields login = oidc.Nested("login");
    out.login = ReadLogin(login);
  }
  return out;
}

// A metadata URL may have a query: Entra's names the application in it.
void CheckMetadataUrl(Fields& saml, absl::string_view url) {
  CheckUrl(saml, "metadataUrl", url.substr(0, url.find('?')));
}

domain::IdentityProvider::Saml ReadSaml(Fields& saml) {
  domain::IdentityProvider::Saml out;
  out.metadata = saml.String("metadata");
  out.metadata_url = saml.String("metadataUrl");
  const bool file = saml.Has("metadataFile");
  const int sources = int{saml.Has("metadata")} + int{file} + int{saml.Has("metadataUrl")};
  if (sources != 1) {
    saml.Mistake("", "needs exactly one of metadata, metadataFile, metadataUrl");
  } else if (file) {
    // Clients send what is in the file.
    saml.Mistake("metadataFile", "is read by the countersign command: apply the file with it");
  } else if (out.metadata.empty() && out.metadata_url.empty()) {
    saml.Mistake(saml.Has("metadata") ? "metadata" : "metadataUrl", "must not be empty");
  }
  CheckMetadataUrl(saml, out.metadata_url);
  out.audience = saml.Required("audience");
  if (saml.Has("recipients")) out.recipients = RequiredStrings(saml, "recipients");
  out.issuer = saml.String("issuer");
  out.groups_attribute = saml.String("groupsAttribute", out.groups_attribute);
  out.subject_attribute = saml.String("subjectAttribute");
  out.name_attribute = saml.String("nameAttribute");
  out.signs_in_people = saml.Choice("profile", {"authn-statement"}) == "authn-statement";
  if (out.signs_in_people && out.issuer.empty()) {
    saml.Mistake("issuer", "is required with profile: the provider's entityID");
  }
  return out;
}

void CheckOneValue(Fields& parent, absl::string_view name) {
  Fields value = parent.Nested(name);
  value.Required("inline");
}

domain::Normalize ReadNormalize(Fields& fields, domain::Normalize fallback) {
  const std::string text = fields.Choice("normalize", {"none", "caseless", "unicode"});
  if (text == "none") return domain::Normalize::kNone;
  if (text == "caseless") return domain::Normalize::kCaseless;
  if (text == "unicode") return domain::Normalize::kUnicode;
  return fallback;
}

}  // namespace

domain::IdentityProvider ReadIdentityProvider(std::string name, Fields& spec) {
  domain::IdentityProvider provider;
  provider.name = std::move(name);
  if (spec.Has("oidc") == spec.Has("saml")) {
    spec.Mistake("", spec.Has("oidc") ? "needs oidc or saml, not both" : "needs oidc or saml");
  }
  if (spec.Has("oidc")) {
    Fields oidc = spec.Nested("oidc");
    provider.oidc = ReadOidc(oidc);
  }
  if (spec.Has("saml")) {
    Fields saml = spec.Nested("saml");
    provider.saml = ReadSaml(saml);
  }
  return provider;
}

domain::Identity ReadIdentity(std::string name, Fields& spec) {
  domain::Identity identity;
  identity.name = std::move(name);
  if (!spec.Has("kind")) spec.Mistake("kind", "is required");
  identity.kind =
      domain::IdentityKindFromString(spec.Choice("kind", {"human", "service", "ci", "agent"}));
  if (spec.Has("match")) {
    Fields match = spec.Nested("match");
    domain::Identity::Match& out = identity.match.emplace();
    out.provider = match.Required("provider");
    out.subject = match.String("subject");
    for (auto& [claim, value] : match.StringMap("claims")) out.claims.emplace(claim, value);
    if (out.subject.empty() && out.claims.empty()) {
      match.Mistake("", "needs subject or claims: it would match every token of the provider");
    }
  }
  identity.groups = spec.Strings("groups");
  identity.owner = spec.String("owner");
  return identity;
}

domain::RoleBinding ReadRoleBinding(std::string name, Fields& spec) {
  domain::RoleBinding binding;
  binding.name = std::move(name);
  if (!spec.Has("role")) spec.Mistake("role", "is required");
  binding.role = domain::RoleFromString(
      spec.Choice("role", {"admin", "reviewer", "auditor", "caller", "proxy"}));
  binding.groups = spec.Strings("groups");
  binding.identities = spec.Strings("identities");
  if (spec.Has("connections")) binding.connections = RequiredStrings(spec, "connections");
  if (binding.groups.empty() && binding.identities.empty()) {
    spec.Mistake("", "needs groups or identities: it binds the role to nobody");
  }
  return binding;
}

// The value of an account header.
std::string ReadAccount(Fields& spec, absl::string_view name) {
  std::string account = spec.String(name);
  const bool plain = std::all_of(account.begin(), account.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
  });
  if (!plain || account.size() > 128) {
    spec.Mistake(name, "must be letters, digits, - and _, at most 128 of them");
  }
  return account;
}

domain::Connection ReadConnection(std::string name, Fields& spec) {
  static const std::set<std::string> kReserved = {"v1", "console", "livez", "readyz", "metrics"};
  if (kReserved.count(name) != 0) {
    spec.mistakes().Add(spec.node(), "metadata.name",
                        absl::StrCat("\"", name, "\" cannot name a Connection"));
  }
  domain::Connection connection;
  connection.name = std::move(name);
  if (!spec.Has("protocol")) spec.Mistake("protocol", "is required");
  const std::string protocol =
      spec.Choice("protocol", {"openai", "anthropic", "kserve-v2", "grpc"});
  if (protocol == "openai") connection.protocol = domain::Protocol::kOpenAi;
  if (protocol == "anthropic") connection.protocol = domain::Protocol::kAnthropic;
  if (protocol == "kserve-v2") connection.protocol = domain::Protocol::kKserveV2;
  if (protocol == "grpc") connection.protocol = domain::Protocol::kGrpc;
  connection.url = spec.Required("url");
  CheckUrl(spec, "url", connection.url, protocol == "kserve-v2" || protocol == "grpc");
  while (absl::EndsWith(connection.url, "/")) connection.url.pop_back();
  connection.credential = spec.String("credential");
  connection.models = spec.Strings("models");
  if (spec.Has("match")) {
    Fields match = spec.Nested("match");
    connection.hosts = match.Strings("hosts");
    connection.path_prefix = match.String("pathPrefix");
    if (!connection.path_prefix.empty() && connection.path_prefix[0] != '/') {
      match.Mistake("pathPrefix", "must begin with /");
    }
  }
  connection.tokenizer = spec.String("tokenizer");
  if (!connection.tokenizer.empty() &&
      text::tokens::TokenizerNameFor(connection.tokenizer).empty()) {
    spec.Mistake("tokenizer", absl::StrCat("no tokenizer \"", connection.tokenizer,
                                           "\"; known are ", text::tokens::KnownTokenizers()));
  }
  connection.is_default = spec.Bool("default", false);
  if (spec.Has("network")) {
    Fields network = spec.Nested("network");
    connection.network_private = network.Bool("private", false);
  }
  const std::string usage = spec.String("usage");
  connection.usage_as_is = usage == "asIs";
  if (!usage.empty() && usage != "asIs" && usage != "request") {
    spec.Mistake("usage", absl::StrCat("\"", usage, "\" is none of request, asIs"));
  }
  connection.organization = ReadAccount(spec, "organization");
  connection.project = ReadAccount(spec, "project");
  ReadPassThrough(spec, connection);
  ReadGrpcService(spec, connection);
  return connection;
}

domain::Dictionary ReadDictionary(std::string name, Fields& spec) {
  domain::Dictionary dictionary;
  dictionary.name = std::move(name);
  dictionary.terms = spec.Strings("terms");
  if (dictionary.terms.empty()) spec.Mistake("", "needs terms or file");
  dictionary.normalize = ReadNormalize(spec, domain::Normalize::kUnicode);
  for (const std::string& variant : spec.Strings("variants")) {
    if (variant == "leet") {
      dictionary.leet = true;
    } else if (variant == "spaced") {
      dictionary.spaced = true;
    } else {
      spec.Mistake("variants", absl::StrCat("\"", variant, "\" is none of leet, spaced"));
    }
  }
  if ((dictionary.leet || dictionary.spaced) &&
      dictionary.normalize != domain::Normalize::kUnicode) {
    spec.Mistake("variants", "needs normalize: unicode");
  }
  return dictionary;
}

void CheckCredentialSpec(Fields& spec) {
  int forms = 0;
  if (spec.Has("bearer")) {
    ++forms;
    CheckOneValue(spec, "bearer");
  }
  if (spec.Has("header")) {
    ++forms;
    Fields header = spec.Nested("header");
    header.Required("name");
    CheckOneValue(header, "value");
  }
  if (spec.Has("basic")) {
    ++forms;
    Fields basic = spec.Nested("basic");
    basic.Required("username");
    CheckOneValue(basic, "password");
  }
  if (spec.Has("mtls")) {
    ++forms;
    Fields mtls = spec.Nested("mtls");
    CheckOneValue(mtls, "cert");
    CheckOneValue(mtls, "key");
  }
  if (forms != 1) spec.Mistake("", "needs exactly one of bearer, header, basic, mtls");
}

domain::Credential ReadSealedCredential(std::string name, Fields& spec) {
  return {std::move(name), spec.Required("sealed")};
}

}  // namespace countersign::config
