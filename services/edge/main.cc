#include "libs/base/status.h"
#include "libs/clients/authenticator_grpc.h"
#include "libs/clients/internal_keys_grpc.h"
#include "libs/clients/masker_grpc.h"
#include "libs/clients/policy_decider_grpc.h"
#include "libs/clients/recorder_grpc.h"
#include "libs/clients/recorder_readiness_grpc.h"
#include "libs/clients/resource_feed_grpc.h"
#include "libs/clients/review_gate_grpc.h"
#include "libs/clients/revocation_watch.h"
#include "libs/server/run_service.h"
#include "services/edge/edge_config.h"
#include "services/edge/serve_rpcs.h"

namespace countersign::edge {
namespace {

absl::Status Wire(EdgeConfig config, server::App& app) {
  CS_ASSIGN_OR_RETURN(const auto authn, app.ChannelTo("authn"));
  CS_ASSIGN_OR_RETURN(const auto policy, app.ChannelTo("policy"));
  CS_ASSIGN_OR_RETURN(const auto approval, app.ChannelTo("approval"));
  CS_ASSIGN_OR_RETURN(const auto masking, app.ChannelTo("masking"));
  CS_ASSIGN_OR_RETURN(const auto recorder, app.ChannelTo("session-recorder"));
  auto& keys = app.Make<clients::GrpcInternalKeys>(authn);
  auto& tokens = app.Make<jose::InternalTokenVerifier>(keys, app.clock());
  const call::Ports ports{
      app.Make<clients::GrpcAuthenticator>(authn, app.Make<rpc::TokenCallerVerifier>(tokens)),
      app.Make<clients::GrpcPolicyDecider>(policy), app.Make<clients::GrpcReviewGate>(approval),
      app.Make<clients::GrpcMasker>(masking), app.Make<clients::GrpcRecorder>(recorder)};
  config.credential_cache.live = false;  // until the revocation stream is open
  auto& edge = app.Make<Edge>(config, ports, app.clock(), app.random(), app.metrics());
  ServeRpcs(edge, app,
            {{"authn", authn}, {"policy", policy}, {"approval", approval}, {"recorder", recorder}});
  app.Make<clients::RevocationWatch>(
      authn, clients::RevocationHooks{[&edge] { edge.credentials().Flush(); },
                                      [&edge](bool live) { edge.credentials().SetLive(live); }});
  app.ReadyWhen([&keys] { return keys.Current() ? "" : "no keys from authn yet"; });
  app.ReadyWhen([&to = app.Make<clients::RecorderReadiness>(recorder)] { return to.NotReady(); });
  auto& feed = app.Make<clients::GrpcResourceFeed>(policy, app.Examiner(nullptr, edge.examiner()));
  feed.Attach("edge", edge);
  app.ReadyWhen([&feed] { return feed.serving() ? "" : "no resources yet"; });
  edge.SetReadiness([&app] { return app.NotReady(); });
  app.OnDrain([&edge](absl::Duration timeout) { edge.Drain(timeout); });
  CS_RETURN_IF_ERROR(edge.Start());
  app.ShowAddress("http", edge.addresses().front());
  return absl::OkStatus();
}

}  // namespace
}  // namespace countersign::edge

int main(int argc, char** argv) {
  namespace edge = countersign::edge;
  edge::EdgeConfig config;
  return countersign::server::RunService(
      argc, argv,
      {"edge",
       [&](auto& section, const auto& resolve) { config = edge::ReadEdgeConfig(section, resolve); },
       [&](auto& app) { return edge::Wire(config, app); }});
}
