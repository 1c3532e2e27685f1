#include "services/standalone/wire_gateway.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/config/resource_files.h"
#include "libs/config/secret_file.h"
#include "libs/crypto/seal.h"
#include "libs/http/fetch.h"
#include "libs/jose/internal_token.h"
#include "libs/rpc/caller.h"
#include "services/approval/approval.h"
#include "services/approval/reviewers/review_service.h"
#include "services/approval/store/local_review_log.h"
#include "services/approval/store/review_store_pg.h"
#include "services/authn/access_keys/key_service.h"
#include "services/authn/access_keys/key_store_pg.h"
#include "services/authn/assertions/used_assertions_pg.h"
#include "services/authn/authn.h"
#include "services/authn/authn_schema.h"
#include "services/authn/directory/identity_service.h"
#include "services/authn/exchange/token_service.h"
#include "services/authn/internal_tokens/minter_cppjwt.h"
#include "services/authn/oidc/fetcher_http.h"
#include "services/authn/secrets/secret_store_file.h"
#include "services/edge/edge.h"
#include "services/edge/serve_rpcs.h"
#include "services/masking/analysis/analyzers_config.h"
#include "services/masking/local_masker.h"
#include "services/masking/profile_store.h"
#include "services/policy/policy_metrics.h"
#include "services/policy/resources/resource_hub.h"
#include "services/policy/resources/resource_service.h"
#include "services/policy/resources/resource_store_pg.h"
#include "services/policy/rules/local_policy_decider.h"
#include "services/session_recorder/api/session_service.h"
#include "services/session_recorder/chain/key_ring.h"
#include "services/session_recorder/exports/checkpoint_file.h"
#include "services/session_recorder/session_recorder.h"
#include "services/session_recorder/session_recorder_schema.h"
#include "services/session_recorder/store/record_store_pg.h"
#include "services/standalone/database/free_space.h"
#include "services/standalone/database/gateway_storage.h"
#include "services/standalone/first_admin.h"
#include "services/standalone/in_process_server.h"
#include "services/standalone/process/gateway_config.h"
#include "services/standalone/process/listen_host.h"

namespace countersign::standalone {
namespace {

namespace recorder = session_recorder;

constexpr std::size_t kSecretBytes = 32;

// The services that the command line and the console call, in the order of construction.
using Services = std::vector<grpc::Service*>;

struct AuthnParts {
  authn::Authn& core;
  rpc::CallerVerifier& callers;
};

absl::StatusOr<AuthnParts> WireAuthn(const DataDirectory& directory, pg::Pool& database,
                                     server::App& app, Services& services) {
  CS_ASSIGN_OR_RETURN(const std::string folder, directory.MakeKeyFolder("authn"));
  authn::secrets::FileSecretStore files(folder);
  CS_ASSIGN_OR_RETURN(authn::secrets::MasterSecrets loaded,
                      authn::secrets::LoadOrCreateMasterSecrets(files, app.random()));
  const auto& secrets = app.Make<authn::secrets::MasterSecrets>(std::move(loaded));

  auto& keys = app.Make<authn::access_keys::PgKeyStore>(database);
  CS_RETURN_IF_ERROR(keys.Check());
  auto& pool = app.Make<ThreadPool>(4, 1024);
  auto& fetcher = app.Make<authn::oidc::HttpUrlFetcher>(app.Make<http::Fetcher>());
  auto& minter = app.Make<authn::internal_tokens::CppJwtMinter>(secrets.internal_key);
  auto& core = app.Make<authn::Authn>(authn::Authn::Dependencies{
      keys, app.Make<authn::assertions::PgUsedAssertions>(database), pool, fetcher, minter, secrets,
      app.clock(), app.random(), app.metrics()});
  CS_RETURN_IF_ERROR(
      EnsureFirstAdmin(directory.admin_key(), keys, core.hasher, app.clock(), app.random()));

  CS_ASSIGN_OR_RETURN(jose::JwkSet public_keys, jose::ParseJwkSet(minter.PublicKeys()));
  auto& key_source = app.Make<jose::FixedInternalKeys>(std::move(public_keys));
  auto& tokens = app.Make<jose::InternalTokenVerifier>(key_source, app.clock());
  auto& callers = app.Make<rpc::TokenCallerVerifier>(tokens);
  services.push_back(&app.Make<authn::access_keys::KeyService>(core.key_manager, pool, callers));
  services.push_back(&app.Make<authn::directory::IdentityService>(callers));
  services.push_back(
      &app.Make<authn::exchange::TokenService>(core.token_exchange, core.caller_tokens));
  return AuthnParts{core, callers};
}

struct ApprovalParts {
  approval::Approval& core;
  domain::ReviewLog& log;
};

absl::StatusOr<ApprovalParts> WireApproval(const DataDirectory& directory, pg::Pool& database,
                                           AuthnParts& authn, server::App& app,
                                           Services& services) {
  CS_ASSIGN_OR_RETURN(const std::string folder, directory.MakeKeyFolder("approval"));
  CS_ASSIGN_OR_RETURN(
      SecretString seal_key,
      config::LoadOrCreateSecret(folder + "/content.key", crypto::kSealKeyBytes, app.random()));
  crypto::PageTokens tokens(seal_key, app.random());
  auto& store = app.Make<approval::store::PgReviewStore>(database, std::move(seal_key), app.clock(),
                                                         app.random());
  CS_RETURN_IF_ERROR(store.EnsureSchema());
  auto& core = app.Make<approval::Approval>(store, std::move(tokens), app.clock(), app.metrics());
  services.push_back(&app.Make<approval::reviewers::ReviewService>(core.reviewer_api(),
                                                                   authn.callers, core.pool()));
  core.Start();
  return ApprovalParts{core, app.Make<approval::store::LocalReviewLog>(store)};
}

struct MaskingParts {
  masking::ProfileStore& profiles;
  domain::Masker& masker;
};

absl::StatusOr<masking::analysis::Analyzers*> WireAnalyzers(const std::string& file,
                                                            server::App& app) {
  auto& analyzers = app.Make<masking::analysis::Analyzers>(app.clock(), app.metrics());
  if (file.empty()) return &analyzers;
  CS_ASSIGN_OR_RETURN(const auto configs, masking::analysis::ReadAnalyzersFile(file));
  CS_RETURN_IF_ERROR(masking::analysis::AddAnalyzers(configs, app.clock(), analyzers));
  return &analyzers;
}

absl::StatusOr<MaskingParts> WireMasking(const DataDirectory& directory,
                                         const process::Options& given, server::App& app) {
  CS_ASSIGN_OR_RETURN(const std::string folder, directory.MakeKeyFolder("masking"));
  CS_ASSIGN_OR_RETURN(SecretString hash_key,
                      config::LoadOrCreateSecret(folder + "/hash.key", kSecretBytes, app.random()));
  CS_ASSIGN_OR_RETURN(const auto* const analyzers, WireAnalyzers(given.masking, app));
  auto& profiles = app.Make<masking::ProfileStore>(std::move(hash_key), analyzers);
  auto& metrics = app.Make<masking::MaskingMetrics>(app.metrics());
  auto& large = app.Make<ThreadPool>(2, 256, ThreadPriority::kLow);
  return MaskingParts{profiles, app.Make<masking::LocalMasker>(profiles, large, metrics)};
}

struct RecorderParts {
  pg::Pool& database;
  rpc::CallerVerifier& callers;
  domain::ReviewLog& reviews;
};

absl::StatusOr<domain::Recorder*> WireRecorder(const DataDirectory& directory,
                                               const process::Options& given, RecorderParts parts,
                                               server::App& app, Services& services) {
  pg::Pool& database = parts.database;
  CS_ASSIGN_OR_RETURN(const std::string folder, directory.MakeKeyFolder("session-recorder"));
  CS_ASSIGN_OR_RETURN(recorder::chain::FolderKeys keys,
                      recorder::chain::LoadOrCreateKeys(folder, app.random()));
  CS_RETURN_IF_ERROR(
      WriteWhole(directory.record_public_key(), Base64UrlEncode(keys.signing.public_key()) + "\n"));

  auto& ring = app.Keep(std::move(keys.ring));
  auto& store = app.Make<recorder::store::PgRecordStore>(database);
  CS_RETURN_IF_ERROR(store.EnsureSchema());  // a start must fail without it
  recorder::RecorderOptions options;
  options.sessions.node = UuidV7(app.clock().Now(), app.random());
  options.checkpoints.sinks = app.Make<recorder::exports::CheckpointFiles>(
                                     given.publish_checkpoints, folder + "/checkpoint.newest")
                                  .sinks();
  options.checkpoints.review_log = &parts.reviews;
  options.sessions.sole_recorder = true;  // the data directory is locked, and the database is in it
  auto& core = app.Make<recorder::SessionRecorder>(
      store, recorder::RecorderKeys{ring, std::move(keys.signing)}, app.clock(), app.random(),
      app.metrics(), std::move(options));
  services.push_back(
      &app.Make<recorder::api::SessionService>(core.sessions(), core.reader(), core.exporter(),
                                               app.Make<ThreadPool>(4, 256), parts.callers));
  CS_RETURN_IF_ERROR(core.checkpointer().CheckStored());
  app.ReadyWhen([&core] { return core.NotReady(); });
  core.Start([] { return absl::OkStatus(); });
  return &core.local();
}

// Stops new and running calls before the objects that serve them are destroyed.
struct ClosedAtTheEnd {
  edge::Edge& edge;
  ~ClosedAtTheEnd() { edge.Drain(absl::ZeroDuration()); }
};

policy::rules::LocalPolicyDecider& WireDecider(policy::rules::SnapshotHolder& snapshots,
                                               policy::PolicyMetrics& metrics, server::App& app) {
  auto& large = app.Make<ThreadPool>(2, 256, ThreadPriority::kLow);
  return app.Make<policy::rules::LocalPolicyDecider>(
      snapshots, large, app.clock(), std::bind_front(&policy::PolicyMetrics::Decided, &metrics));
}

edge::Edge& WireEdge(edge::EdgeConfig config, edge::call::Ports ports,
                     authn::revocation::RevocationFeed& revocations, server::App& app) {
  auto& edge =
      app.Make<edge::Edge>(std::move(config), ports, app.clock(), app.random(), app.metrics());
  app.Keep(revocations.SubscribeDirectly([&edge] { edge.credentials().Flush(); }));
  edge.SetReadiness([&app] { return app.NotReady(); });
  app.OnDrain([&edge](absl::Duration timeout) { edge.Drain(timeout); });
  return edge;
}

// The edge is constructed before the backends of its RPCs, because the ResourceHub, which they
// need, must be destroyed before the parts that it serves.
void WireRpcs(const Services& services, edge::Edge& edge, server::App& app) {
  const auto channel = app.Make<InProcessServer>(services, app.metrics(), app.clock()).Channel();
  edge::ServeRpcs(
      edge, app,
      {{"authn", channel}, {"policy", channel}, {"approval", channel}, {"recorder", channel}});
}

absl::Status ApplyConfig(const std::vector<std::string>& paths,
                         policy::resources::ResourceHub& hub) {
  if (paths.empty()) return absl::OkStatus();
  policy::resources::ApplyCommand command;
  CS_ASSIGN_OR_RETURN(command.files, config::ReadResourceFiles(paths));
  CS_ASSIGN_OR_RETURN(command.values, config::ReadExternalValues(command.files));
  command.author = "countersign up --config";
  return Annotate(hub.Apply(command).status(), "--config");
}

}  // namespace

absl::StatusOr<std::string> WireGateway(const DataDirectory& directory,
                                        const process::Options& options, server::App& app) {
  CS_ASSIGN_OR_RETURN(const database::GatewayStorage storage,
                      database::OpenStorage(directory, app));
  app.ReadyWhen([folder = directory.cluster()] { return database::DescribeLackOfSpace(folder); });
  for (pg::Pool* pool : {&storage.authn, &storage.policy, &storage.approval, &storage.recorder}) {
    app.ReadyWhenConnected(*pool);
  }
  Services services;
  CS_ASSIGN_OR_RETURN(AuthnParts authn, WireAuthn(directory, storage.authn, app, services));
  CS_ASSIGN_OR_RETURN(ApprovalParts approval,
                      WireApproval(directory, storage.approval, authn, app, services));
  CS_ASSIGN_OR_RETURN(MaskingParts masking, WireMasking(directory, options, app));
  CS_ASSIGN_OR_RETURN(domain::Recorder* const recorder,
                      WireRecorder(directory, options,
                                   {storage.recorder, authn.callers, approval.log}, app, services));
  auto& snapshots = app.Make<policy::rules::SnapshotHolder>(
      app.Make<policy::rules::LocalTextEngine>(directory.cache()));
  auto& policy_metrics = app.Make<policy::PolicyMetrics>(app.metrics());
  auto& decider = WireDecider(snapshots, policy_metrics, app);
  auto& edge =
      WireEdge(process::MakeEdgeConfig(directory, options),
               {authn.core.authenticator, decider, approval.core.gate(), masking.masker, *recorder},
               authn.core.revocations, app);

  policy::resources::HubOptions hub_options;
  hub_options.on_outdated_patterns =
      std::bind_front(&policy::PolicyMetrics::FoundOutdatedPatterns, &policy_metrics);
  auto& hub = app.Make<policy::resources::ResourceHub>(
      app.Make<policy::resources::PgResourceStore>(storage.policy), authn.core.sealer, app.clock(),
      std::move(hub_options));
  hub.Attach("authn", authn.core.directory);
  hub.Attach("policy", snapshots);
  hub.Attach("approval", approval.core.directory());
  hub.Attach("masking", masking.profiles);
  hub.Attach("edge", edge);
  const auto see = [&edge, &core = authn.core, folder = directory.cluster()](absl::Duration time) {
    std::vector<HealthCheck> checks = {database::ExamineSpace(folder)};
    Append(checks, core.examiner()(time));
    Append(checks, edge.Examine(time));
    return checks;
  };
  auto& examination = app.Make<policy::resources::PartExamination>(
      hub.remote_parts(), app.clock(), "gateway", app.Examiner(&storage.policy, see));
  services.push_back(&app.Make<policy::resources::ResourceService>(hub, examination, authn.callers,
                                                                   app.Make<ThreadPool>(4, 64)));
  WireRpcs(services, edge, app);

  CS_RETURN_IF_ERROR(hub.Start());
  CS_RETURN_IF_ERROR(ApplyConfig(options.config, hub));
  app.Keep(std::unique_ptr<ClosedAtTheEnd>(new ClosedAtTheEnd{edge}));
  CS_RETURN_IF_ERROR(edge.Start());
  app.ShowAddress("http", edge.addresses().front());
  app.ShowAddress("url", process::LocalUrl(edge.addresses().front(), options.tls()));
  if (options.tls_self_signed) app.ShowAddress("caFile", directory.certificate());
  return edge.addresses().front();
}

}  // namespace countersign::standalone
