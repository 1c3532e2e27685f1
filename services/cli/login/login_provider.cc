#include "services/cli/login/login_provider.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/status.h"
#include "libs/base/text/edit_distance.h"
#include "libs/command_line/usage.h"
#include "libs/json/document.h"
#include "services/authn/oidc/issuer_url.h"
#include "services/cli/gateway_client.h"

namespace countersign::cli::login {
namespace {

absl::StatusOr<http::FetchResponse> Get(const HttpCall& call, const std::string& url) {
  http::FetchRequest request;
  request.url = url;
  return call(std::move(request));
}

LoginProvider ReadProvider(json::Value item) {
  LoginProvider provider;
  provider.name = std::string(item["name"].text());
  provider.issuer = std::string(item["issuer"].text());
  provider.client_id = std::string(item["clientId"].text());
  for (std::size_t i = 0; i < item["scopes"].size(); ++i) {
    provider.scopes.emplace_back(item["scopes"].at(i).text());
  }
  provider.use_id_token = item["token"].text() == "idToken";
  return provider;
}

// An absent endpoint is ""; one that a token must not be sent to is a mistake.
absl::StatusOr<std::string> ReadEndpoint(json::Value document, absl::string_view name) {
  std::string url(document[name].text());
  if (url.empty()) return url;
  // An authorization endpoint may have a query (RFC 6749 §3.1).
  CS_RETURN_IF_ERROR(Annotate(authn::oidc::CheckIssuerUrl(url.substr(0, url.find('?'))),
                              absl::StrCat("the provider's ", name)));
  return url;
}

}  // namespace

absl::StatusOr<std::vector<LoginProvider>> ListLoginProviders(const HttpCall& call,
                                                              const std::string& url) {
  const auto answer = Get(call, absl::StrCat(url, "/.well-known/countersign-login"));
  if (!answer.ok()) return Unreachable(url, answer.status().message());
  if (answer->status != 200) return ErrorFromAnswer(answer->status, answer->body);
  CS_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(answer->body));
  const json::Value items = document.root()["providers"];
  std::vector<LoginProvider> providers;
  for (std::size_t i = 0; i < items.size(); ++i) providers.push_back(ReadProvider(items.at(i)));
  return providers;
}

absl::StatusOr<LoginProvider> ChooseProvider(std::vector<LoginProvider> providers,
                                             const std::string& name) {
  if (providers.empty()) {
    return absl::NotFoundError(
        "nobody can log in here: no IdentityProvider has oidc.login; an admin can add it (see "
        "countersign explain identityprovider.spec.oidc.login), or use an access key");
  }
  std::vector<std::string> names;
  for (LoginProvider& provider : providers) {
    if (provider.name == name) return std::move(provider);
    names.push_back(provider.name);
  }
  if (name.empty()) {
    if (providers.size() == 1) return std::move(providers.front());
    return command_line::Misuse(
        absl::StrCat("say which provider with --issuer: ", absl::StrJoin(names, ", ")));
  }
  const std::string meant = ProbablyMeant(name, names);
  return absl::NotFoundError(
      absl::StrCat("there is no provider \"", name, "\" to log in with; ",
                   meant.empty() ? absl::StrCat("there is ", absl::StrJoin(names, ", "))
                                 : absl::StrCat("did you mean ", meant, "?")));
}

absl::StatusOr<ProviderEndpoints> DiscoverEndpoints(const HttpCall& call,
                                                    const std::string& issuer) {
  CS_RETURN_IF_ERROR(Annotate(authn::oidc::CheckIssuerUrl(issuer), issuer));
  const std::string url = authn::oidc::DiscoveryUrl(issuer);
  CS_ASSIGN_OR_RETURN(const http::FetchResponse answer, Get(call, url));
  if (answer.status != 200) {
    return absl::UnavailableError(absl::StrCat(url, " answers HTTP ", answer.status));
  }
  const auto document = json::Document::Parse(answer.body);
  if (!document.ok()) return Annotate(document.status(), url);
  // Otherwise one provider could send users to another (OpenID Connect Discovery §4.3).
  if (document->root()["issuer"].text() != issuer) {
    return absl::InvalidArgumentError(absl::StrCat(
        url, " is of the issuer ", document->root()["issuer"].text(), ", not of ", issuer));
  }
  ProviderEndpoints endpoints;
  CS_ASSIGN_OR_RETURN(endpoints.authorization,
                      ReadEndpoint(document->root(), "authorization_endpoint"));
  CS_ASSIGN_OR_RETURN(endpoints.device_authorization,
                      ReadEndpoint(document->root(), "device_authorization_endpoint"));
  CS_ASSIGN_OR_RETURN(endpoints.token, ReadEndpoint(document->root(), "token_endpoint"));
  if (endpoints.token.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(url, " names no token_endpoint"));
  }
  return endpoints;
}

}  // namespace countersign::cli::login
