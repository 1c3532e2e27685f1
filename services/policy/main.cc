#include "libs/clients/credential_sealer_grpc.h"
#include "libs/clients/internal_keys_grpc.h"
#include "libs/server/run_service.h"
#include "services/policy/policy_config.h"
#include "services/policy/policy_metrics.h"
#include "services/policy/policy_service.h"
#include "services/policy/resources/resource_feed_service.h"
#include "services/policy/resources/resource_service.h"
#include "services/policy/resources/resource_store_pg.h"
#include "services/policy/rules/local_policy_decider.h"

namespace countersign::policy {
namespace {

absl::Status Wire(const PolicyConfig& config, server::App& app) {
  CS_ASSIGN_OR_RETURN(const auto database, app.Database(kPolicySchema));
  CS_ASSIGN_OR_RETURN(const auto authn, app.ChannelTo("authn"));
  resources::HubOptions options;
  CS_ASSIGN_OR_RETURN(options.initial, ReadInitialResources(config));
  auto& metrics = app.Make<PolicyMetrics>(app.metrics());
  options.on_outdated_patterns = std::bind_front(&PolicyMetrics::FoundOutdatedPatterns, &metrics);
  auto& snapshots =
      app.Make<rules::SnapshotHolder>(app.Make<rules::LocalTextEngine>(config.cache_folder));
  auto& pool = app.Make<pg::Pool>(database);
  auto& sealer = app.Make<clients::GrpcCredentialSealer>(authn);
  auto& hub = app.Make<resources::ResourceHub>(app.Make<resources::PgResourceStore>(pool), sealer,
                                               app.clock(), options);
  hub.Attach("policy", snapshots);
  auto& large = app.Make<ThreadPool>(config.large_prompt_threads, config.large_prompt_queue,
                                     ThreadPriority::kLow);
  auto& decider = app.Make<rules::LocalPolicyDecider>(
      snapshots, large, app.clock(), std::bind_front(&PolicyMetrics::Decided, &metrics));
  auto& keys = app.Make<clients::GrpcInternalKeys>(authn);
  auto& callers =
      app.Make<rpc::TokenCallerVerifier>(app.Make<jose::InternalTokenVerifier>(keys, app.clock()));
  app.Serve(app.Make<PolicyService>(decider, callers));
  auto& examination = app.Make<resources::PartExamination>(hub.remote_parts(), app.clock(),
                                                           "policy", app.Examiner(&pool));
  app.Serve(
      app.Make<resources::ResourceService>(hub, examination, callers, app.Make<ThreadPool>(4, 64)));
  app.Serve(app.Make<resources::ResourceFeedService>(hub.remote_parts()));
  app.ReadyWhen([&keys] { return keys.Current() ? "" : "no keys from authn yet"; });
  app.ReadyWhen([&hub] { return std::string(hub.Current().ok() ? "" : "no resources loaded"); });
  const absl::Status started = hub.Start();  // Without its database it recovers by itself.
  return absl::IsUnavailable(started) ? absl::OkStatus() : started;
}

}  // namespace
}  // namespace countersign::policy

int main(int argc, char** argv) {
  namespace policy = countersign::policy;
  policy::PolicyConfig config;
  return countersign::server::RunService(
      argc, argv,
      {"policy",
       [&](auto& part, const auto& resolve) { config = policy::ReadPolicyConfig(part, resolve); },
       [&](auto& app) { return policy::Wire(config, app); },
       {policy::kPolicySchema, policy::PolicyMigrations}});
}
