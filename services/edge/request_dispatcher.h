#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "services/edge/admin/admin_backend.h"
#include "services/edge/call/call_services.h"
#include "services/edge/call/reply.h"
#include "services/edge/request_handler.h"

namespace countersign::edge {

// Hands each request to what serves it: probes, admin and review RPCs, the status of the caller's
// own review, and for everything else the pipeline of call/. Thread-safe once set up.
class RequestDispatcher final : public RequestHandler {
 public:
  // `admin_timeout`: for the backend's answer to one RPC.
  RequestDispatcher(const call::CallServices& services, absl::Duration admin_timeout)
      : services_(services), admin_timeout_(admin_timeout) {}

  // What GET /readyz asks, beside having resources; "" when ready. Set before the first request.
  void SetReadiness(std::function<std::string()> not_ready) { not_ready_ = std::move(not_ready); }

  // Where admin and review RPCs go; without one they are answered 404. Set before the first
  // request; must outlive the last.
  void SetAdminBackend(admin::AdminBackend& backend) { admin_backend_ = &backend; }

  // From now on GET /readyz says that the process shuts down.
  void SetDraining() { draining_ = true; }

  async::Awaitable<void> Handle(call::CallerConnection& caller, call::Upstream& upstream) override;
  WholeReply RefuseUnread(int status) override;

 private:
  async::Awaitable<void> AnswerProbe(const std::string& path, call::Reply& reply) const;
  std::string FindMissing() const;

  const call::CallServices& services_;
  const absl::Duration admin_timeout_;
  std::function<std::string()> not_ready_;
  admin::AdminBackend* admin_backend_ = nullptr;
  std::atomic<bool> draining_{false};
};

}  // namespace countersign::edge
