#include "libs/base/status.h"
#include "libs/clients/internal_keys_grpc.h"
#include "libs/clients/review_log_grpc.h"
#include "libs/server/run_service.h"
#include "services/session_recorder/api/recorder_service.h"
#include "services/session_recorder/api/session_service.h"
#include "services/session_recorder/exports/checkpoint_file.h"
#include "services/session_recorder/session_recorder.h"
#include "services/session_recorder/session_recorder_config.h"
#include "services/session_recorder/session_recorder_schema.h"
#include "services/session_recorder/store/record_store_pg.h"

namespace countersign::session_recorder {
namespace {

absl::Status Wire(const SessionRecorderConfig& config, server::App& app) {
  CS_ASSIGN_OR_RETURN(const pg::PoolOptions database, app.Database(kSessionRecorderSchema));
  CS_ASSIGN_OR_RETURN(const auto authn, app.ChannelTo("authn"));
  CS_ASSIGN_OR_RETURN(const auto approval, app.ChannelTo("approval"));
  CS_ASSIGN_OR_RETURN(chain::FolderKeys own,
                      chain::LoadOrCreateKeys(app.config().secrets, app.random()));
  CS_ASSIGN_OR_RETURN(auto options, config.Options(UuidV7(app.clock().Now(), app.random())));
  options.checkpoints.sinks =
      app.Make<exports::CheckpointFiles>(config.checkpoint_files,
                                         config.NewestCheckpointFile(app.config().secrets))
          .sinks();
  options.checkpoints.review_log = &app.Make<clients::GrpcReviewLog>(approval, app.clock());
  auto& store = app.Make<store::PgRecordStore>(app.Make<pg::Pool>(database));
  auto& recorder = app.Make<SessionRecorder>(
      store, RecorderKeys{app.Keep(std::move(own.ring)), std::move(own.signing)}, app.clock(),
      app.random(), app.metrics(), std::move(options));
  auto& keys = app.Make<clients::GrpcInternalKeys>(authn);
  auto& tokens = app.Make<jose::InternalTokenVerifier>(keys, app.clock());
  auto& callers = app.Make<rpc::TokenCallerVerifier>(tokens);
  app.Serve(app.Make<api::RecorderService>(recorder.sessions(), callers,
                                           [&recorder] { return recorder.NotReady(); }));
  app.Serve(
      app.Make<api::SessionService>(recorder.sessions(), recorder.reader(), recorder.exporter(),
                                    app.Make<ThreadPool>(config.auditor_threads, 256), callers));
  app.ReadyWhen([&keys] { return keys.Current() ? "" : "no keys from authn yet"; });
  app.ReadyWhen([&recorder] { return recorder.NotReady(); });
  recorder.Start([&store] { return store.EnsureSchema(); });
  return absl::OkStatus();
}

}  // namespace
}  // namespace countersign::session_recorder

int main(int argc, char** argv) {
  namespace recorder = countersign::session_recorder;
  recorder::SessionRecorderConfig config;
  return countersign::server::RunService(
      argc, argv,
      {"session-recorder",
       [&](auto& part, const auto& resolve) {
         config = recorder::ReadSessionRecorderConfig(part, resolve);
       },
       [&](auto& app) { return recorder::Wire(config, app); },
       {recorder::kSessionRecorderSchema, recorder::SessionRecorderMigrations}});
}
