#include "libs/base/status.h"
#include "libs/clients/internal_keys_grpc.h"
#include "libs/clients/resource_feed_grpc.h"
#include "libs/jose/internal_token.h"
#include "libs/rpc/caller.h"
#include "libs/server/app.h"
#include "libs/server/run_service.h"
#include "services/masking/local_masker.h"
#include "services/masking/masking_config.h"
#include "services/masking/masking_service.h"

namespace countersign::masking {
namespace {

absl::Status Wire(const MaskingConfig& config, server::App& app) {
  CS_ASSIGN_OR_RETURN(const auto authn, app.ChannelTo("authn"));
  CS_ASSIGN_OR_RETURN(const auto policy, app.ChannelTo("policy"));
  CS_ASSIGN_OR_RETURN(SecretString hash_key, ReadHashKey(config, app.random()));

  auto& analyzers = app.Make<analysis::Analyzers>(app.clock(), app.metrics());
  CS_RETURN_IF_ERROR(analysis::AddAnalyzers(config.analyzers, app.clock(), analyzers));
  auto& profiles = app.Make<ProfileStore>(std::move(hash_key), &analyzers);
  auto& metrics = app.Make<MaskingMetrics>(app.metrics());
  auto& large = app.Make<ThreadPool>(config.large_text_threads, config.large_text_queue,
                                     ThreadPriority::kLow);
  auto& masker = app.Make<LocalMasker>(profiles, large, metrics);

  auto& keys = app.Make<clients::GrpcInternalKeys>(authn);
  auto& tokens = app.Make<jose::InternalTokenVerifier>(keys, app.clock());
  auto& callers = app.Make<rpc::TokenCallerVerifier>(tokens);
  app.Serve(app.Make<MaskingService>(masker, callers));

  auto& feed = app.Make<clients::GrpcResourceFeed>(policy, app.Examiner());
  feed.Attach("masking", profiles);
  app.ReadyWhen([&keys] { return keys.Current() ? "" : "no keys from authn yet"; });
  app.ReadyWhen([&feed] { return std::string(feed.serving() ? "" : "no resources yet"); });
  return absl::OkStatus();
}

}  // namespace
}  // namespace countersign::masking

int main(int argc, char** argv) {
  countersign::masking::MaskingConfig config;
  return countersign::server::RunService(
      argc, argv,
      {"masking",
       [&config](auto& section, const auto& resolve) {
         config = countersign::masking::ReadMaskingConfig(section, resolve);
       },
       [&config](auto& app) { return countersign::masking::Wire(config, app); }});
}
