#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <utility>

#include "services/edge/admin/admin_backend.h"
#include "services/edge/call/call_services.h"
#include "services/edge/call/reply.h"
#include "services/edge/grpc_calls/health.h"
#include "services/edge/grpc_calls/serve_rpc.h"
#include "services/edge/identity/token_backend.h"
#include "services/edge/request_handler.h"

namespace countersign::edge {

// Routes requests to their handlers: RPCs over gRPC, probes, admin and review RPCs as JSON, their
// description, the status of the caller's own review, tokens, and otherwise the pipeline of call/.
// Thread-safe once set up.
class RequestDispatcher final : public RequestHandler {
 public:
  RequestDispatcher(const call::CallServices& services, const grpc_calls::RpcOptions& rpc_options)
      : services_(services),
        rpc_options_(rpc_options),
        health_([this] { return FindMissing(); }, services.clock) {}

  // An additional condition for GET /readyz; "" when ready. Set it before the first request.
  void SetReadiness(std::function<std::string()> not_ready) { not_ready_ = std::move(not_ready); }

  // The backend of admin and review RPCs; without one they are 404. Set it before the first
  // request; it must outlive the last one.
  void SetAdminBackend(admin::AdminBackend& backend) { admin_backend_ = &backend; }

  // The same for RPCs over gRPC; without one there are only health's.
  void SetRpcBackend(grpc_calls::RpcBackend& backend) { rpc_backend_ = &backend; }

  // The backend of the token endpoint; without one it is 404. Set it before the first request; it
  // must outlive the last one.
  void SetTokenBackend(identity::TokenBackend& backend) { token_backend_ = &backend; }

  // Makes GET /readyz report that the process is shutting down.
  void SetDraining() { draining_ = true; }

  async::Awaitable<void> Handle(call::CallerConnection& caller, call::Upstream& upstream) override;
  WholeReply RefuseUnread(int status) override;

 private:
  async::Awaitable<void> AnswerProbe(const std::string& path, call::Reply& reply) const;
  std::string FindMissing() const;

  const call::CallServices& services_;
  const grpc_calls::RpcOptions rpc_options_;
  grpc_calls::Health health_;
  grpc_calls::OpenStreams open_streams_;
  std::function<std::string()> not_ready_;
  admin::AdminBackend* admin_backend_ = nullptr;
  grpc_calls::RpcBackend* rpc_backend_ = nullptr;
  identity::TokenBackend* token_backend_ = nullptr;
  std::atomic<bool> draining_{false};
};

}  // namespace countersign::edge
