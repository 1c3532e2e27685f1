#include "libs/base/status.h"
#include "libs/clients/internal_keys_grpc.h"
#include "libs/clients/resource_feed_grpc.h"
#include "libs/config/secret_file.h"
#include "libs/crypto/seal.h"
#include "libs/server/run_service.h"
#include "services/approval/approval.h"
#include "services/approval/approval_schema.h"
#include "services/approval/gate/review_gate_service.h"
#include "services/approval/reviewers/review_service.h"
#include "services/approval/store/local_review_log.h"
#include "services/approval/store/review_log_service.h"
#include "services/approval/store/review_store_pg.h"

namespace countersign::approval {
namespace {

absl::Status Wire(server::App& app) {
  CS_ASSIGN_OR_RETURN(const pg::PoolOptions database, app.Database(kApprovalSchema));
  CS_ASSIGN_OR_RETURN(const auto authn, app.ChannelTo("authn"));
  CS_ASSIGN_OR_RETURN(const auto policy, app.ChannelTo("policy"));
  CS_ASSIGN_OR_RETURN(const std::string key_file, app.SecretPath("content.key"));
  CS_ASSIGN_OR_RETURN(const SecretString seal_key,
                      config::LoadOrCreateSecret(key_file, crypto::kSealKeyBytes, app.random()));

  auto& pool = app.Make<pg::Pool>(database);
  auto& store = app.Make<store::PgReviewStore>(pool, seal_key, app.clock(), app.random());
  auto& approval =
      app.Make<Approval>(store, crypto::PageTokens(seal_key, app.random()), app.clock(),
                         app.metrics(), ApprovalOptions{database.max_connections});
  auto& feed = app.Make<clients::GrpcResourceFeed>(policy, app.Examiner(&pool));
  feed.Attach("approval", approval.directory());

  auto& keys = app.Make<clients::GrpcInternalKeys>(authn);
  auto& tokens = app.Make<jose::InternalTokenVerifier>(keys, app.clock());
  auto& callers = app.Make<rpc::TokenCallerVerifier>(tokens);
  app.Serve(app.Make<gate::ReviewGateService>(approval.gate(), callers, app.clock()));
  app.Serve(
      app.Make<store::ReviewLogService>(app.Make<store::LocalReviewLog>(store), approval.pool()));
  app.Serve(app.Make<reviewers::ReviewService>(approval.reviewer_api(), callers, approval.pool()));
  app.ReadyWhen([&keys] { return keys.Current() ? "" : "no keys from authn yet"; });
  app.ReadyWhen([&feed] { return std::string(feed.serving() ? "" : "no resources yet"); });
  app.ReadyWhen([&store] { return std::string(store.Head().ok() ? "" : "no database"); });
  approval.Start();
  return absl::OkStatus();
}

}  // namespace
}  // namespace countersign::approval

int main(int argc, char** argv) {
  namespace approval = countersign::approval;
  return countersign::server::RunService(
      argc, argv,
      {"approval",
       nullptr,
       approval::Wire,
       {approval::kApprovalSchema, approval::ApprovalMigrations}});
}
