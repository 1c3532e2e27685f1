#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/base/health_check.h"
#include "libs/base/random.h"
#include "libs/domain/resource_feed.h"
#include "libs/metrics/metrics.h"
#include "services/edge/admin/admin_backend.h"
#include "services/edge/call/call_services.h"
#include "services/edge/call/request/credential_cache.h"
#include "services/edge/grpc_calls/rpc_backend.h"
#include "services/edge/http_transport/http_transport.h"
#include "services/edge/identity/token_backend.h"

namespace countersign::edge {

struct EdgeConfig {
  http_transport::HttpOptions http;
  call::CallOptions calls;
  call::request::CredentialCache::Options credential_cache;
  absl::Duration admin_timeout = absl::Seconds(60);
};

// The public side of the gateway: a transport, and the handling of its requests. Thread-safe once
// started.
//
// A ResourceWatcher: attach it to the resource feed, and it routes by the connections of the served
// version. Before the first Serve every call gets 503.
class Edge final : public domain::ResourceWatcher {
 public:
  Edge(EdgeConfig config, call::Ports ports, Clock& clock, RandomSource& random,
       metrics::Registry& metrics);
  ~Edge() override;

  // Binds every address and starts to serve. UNAVAILABLE when an address is taken, INVALID_ARGUMENT
  // when a certificate cannot be read.
  absl::Status Start();

  // The bound addresses, in the order of the configuration, with actual ports.
  std::vector<std::string> addresses() const;

  // An additional condition for GET /readyz on the public address; "" when ready. Set it before
  // Start.
  void SetReadiness(std::function<std::string()> not_ready);

  // The backend of admin and review RPCs; without one they are 404. Set it before Start; it must
  // exist until the edge has drained.
  void SetAdminBackend(admin::AdminBackend& backend);

  // The same for RPCs over gRPC.
  void SetRpcBackend(grpc_calls::RpcBackend& backend);

  // The same for the token endpoint.
  void SetTokenBackend(identity::TokenBackend& backend);

  // Stops listening, lets calls finish until `timeout`, then cancels them. Blocks.
  void Drain(absl::Duration timeout);

  // Looks at the certificates that callers see, and at the upstreams of the served connections
  // (examine_upstreams.h). Blocks. REQUIRES: started.
  std::vector<HealthCheck> Examine(absl::Duration timeout);
  HealthExaminer examiner() {
    return [this](absl::Duration timeout) { return Examine(timeout); };
  }

  // For the client of authn's revocation stream.
  call::request::CredentialCache& credentials();

  absl::Status Validate(const std::shared_ptr<const domain::ResourceSet>& draft) override;
  absl::Status Serve(std::shared_ptr<const domain::ResourceSet> set) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace countersign::edge
