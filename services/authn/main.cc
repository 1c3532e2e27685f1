#include "libs/clients/resource_feed_grpc.h"
#include "libs/server/run_service.h"
#include "services/authn/access_keys/first_admin_keys.h"
#include "services/authn/access_keys/key_service.h"
#include "services/authn/authn_config.h"
#include "services/authn/authn_service.h"
#include "services/authn/authn_stores_pg.h"
#include "services/authn/directory/identity_service.h"
#include "services/authn/exchange/token_service.h"
#include "services/authn/internal_tokens/local_caller_verifier.h"
#include "services/authn/internal_tokens/minter_cppjwt.h"
#include "services/authn/oidc/fetcher_http.h"
#include "services/authn/secrets/secret_store_file.h"

namespace countersign::authn {
namespace {

absl::Status Wire(const AuthnConfig& config, server::App& app) {
  CS_ASSIGN_OR_RETURN(const auto database, app.Database(kAuthnSchema));
  CS_ASSIGN_OR_RETURN(const auto policy, app.ChannelTo("policy"));
  secrets::FileSecretStore files(app.config().secrets);
  CS_ASSIGN_OR_RETURN(auto loaded, secrets::LoadOrCreateMasterSecrets(files, app.random()));
  const auto& secrets = app.Make<secrets::MasterSecrets>(std::move(loaded));
  auto& minter = app.Make<internal_tokens::CppJwtMinter>(secrets.internal_key);
  auto& stores = app.Make<PgStores>(app.Make<pg::Pool>(database));
  auto& fetcher = app.Make<http::Fetcher>(http::Fetcher::Options{config.issuer_authority});
  auto& authn = app.Make<Authn>(Authn::Dependencies{
      stores.keys, stores.used_assertions, app.Make<ThreadPool>(config.threads, config.queue),
      app.Make<oidc::HttpUrlFetcher>(fetcher), minter, secrets, app.clock(), app.random(),
      app.metrics()});
  auto examine = app.Examiner(&stores.pool, authn.examiner());
  app.Make<clients::GrpcResourceFeed>(policy, examine).Attach("authn", authn.directory);
  auto& callers = app.Make<internal_tokens::LocalCallerVerifier>(minter, app.clock());
  auto& waiting = app.Make<ThreadPool>(4, 64);  // Separate, because revocations wait for edges.
  app.Serve(app.Make<AuthnService>(authn, minter, callers));
  app.Serve(app.Make<access_keys::KeyService>(authn.key_manager, waiting, callers));
  app.Serve(app.Make<directory::IdentityService>(callers));
  app.Serve(app.Make<exchange::TokenService>(authn.token_exchange, authn.caller_tokens));
  app.ReadyWhen([&stores] { return stores.keys.Check().ok() ? "" : "no database"; });
  app.ReadyWhen([&authn] { return authn.directory.Current() ? "" : "no resources yet"; });
  auto& admin = app.Make<access_keys::FirstAdminKeys>(config.admin_keys, stores.keys, authn.hasher,
                                                      app.clock(), app.random());
  admin.Start();
  app.ReadyWhen([&admin] { return admin.Ensure().ok() ? "" : "no administrator's key yet"; });
  return absl::OkStatus();
}

}  // namespace
}  // namespace countersign::authn

int main(int argc, char** argv) {
  namespace authn = countersign::authn;
  authn::AuthnConfig config;
  return countersign::server::RunService(
      argc, argv,
      {"authn",
       [&](auto& part, const auto& resolve) { config = authn::ReadAuthnConfig(part, resolve); },
       [&](auto& app) { return authn::Wire(config, app); },
       {authn::kAuthnSchema, authn::AuthnMigrations}});
}
