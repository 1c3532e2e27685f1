#include "services/edge/identity/login_providers.h"

#include "libs/json/writer.h"

namespace countersign::edge::identity {

std::string LoginProvidersToJson(const domain::ResourceSet& resources) {
  json::Writer writer;
  writer.BeginObject().Key("providers").BeginArray();
  for (const auto& [name, provider] : resources.identity_providers) {
    if (!provider.oidc || !provider.oidc->login) continue;
    const domain::IdentityProvider::Oidc::Login& login = *provider.oidc->login;
    writer.BeginObject().Key("name").String(name).Key("issuer").String(provider.oidc->issuer);
    writer.Key("clientId").String(login.client_id).Key("scopes").BeginArray();
    for (const std::string& scope : login.scopes) writer.String(scope);
    writer.EndArray().Key("token").String(login.use_id_token ? "idToken" : "accessToken");
    writer.EndObject();
  }
  return writer.EndArray().EndObject().TakeString();
}

}  // namespace countersign::edge::identity
