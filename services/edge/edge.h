#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/base/random.h"
#include "libs/domain/authenticator.h"
#include "libs/domain/masker.h"
#include "libs/domain/policy_decider.h"
#include "libs/domain/recorder.h"
#include "libs/domain/resource_feed.h"
#include "libs/domain/review_gate.h"
#include "libs/metrics/metrics.h"
#include "services/edge/admin/admin_backend.h"
#include "services/edge/call/credential_cache.h"

namespace countersign::edge {

struct ListenOn {
  std::string address = "127.0.0.1:8080";  // host:port; port 0: a free one
  std::string certificate_file;            // PEM chain and key: TLS; both empty: cleartext
  std::string key_file;
};

struct EdgeConfig {
  std::vector<ListenOn> listen = {ListenOn{}};
  std::size_t threads = 2;

  std::size_t max_head_bytes = 64u << 10;
  std::size_t max_body_bytes = 32u << 20;
  std::size_t max_response_bytes = 64u << 20;  // of an answer that is no stream, or says its length
  absl::Duration head_timeout = absl::Seconds(30);
  absl::Duration body_timeout = absl::Seconds(60);  // without a byte
  absl::Duration body_total_timeout = absl::Minutes(5);
  absl::Duration idle_timeout = absl::Seconds(620);
  absl::Duration write_timeout = absl::Seconds(300);  // a caller that takes nothing

  absl::Duration port_timeout = absl::Seconds(10);  // one question to one part
  absl::Duration admin_timeout = absl::Seconds(60);

  std::string upstream_ca_file;  // PEM; empty: the system's
  absl::Duration connect_timeout = absl::Seconds(5);
  absl::Duration first_byte_timeout = absl::Seconds(600);
  absl::Duration upstream_idle_timeout = absl::Seconds(300);

  absl::Duration status_within = absl::Seconds(10);  // a held stream's head goes out after this
  absl::Duration waiting_every = absl::Seconds(10);

  call::CredentialCache::Options credential_cache;
};

// The five steps that other parts do. All must outlive the Edge.
struct EdgePorts {
  domain::Authenticator& authenticator;
  domain::PolicyDecider& decider;
  domain::ReviewGate& reviews;
  domain::Masker& masker;
  domain::Recorder& recorder;
};

// The public side of the gateway: listeners, the pipeline of DESIGN §3, and upstream connections.
// Thread-safe once started.
//
// It is a ResourceWatcher: attach it to the resource feed, and it routes by the connections of the
// version it was last told to serve. Before the first Serve every call is answered 503.
class Edge final : public domain::ResourceWatcher {
 public:
  Edge(EdgeConfig config, EdgePorts ports, Clock& clock, RandomSource& random,
       metrics::Registry& metrics);
  ~Edge() override;

  // Binds every address and starts to serve. UNAVAILABLE when an address is taken,
  // INVALID_ARGUMENT when a certificate cannot be read.
  absl::Status Start();

  // The bound addresses, in the order of the config, with real ports.
  std::vector<std::string> addresses() const;

  // What GET /readyz asks on the public address, beside having resources; "" when ready. Set before
  // Start.
  void SetReadiness(std::function<std::string()> not_ready);

  // Where admin and review calls go. Set before Start; must exist until the edge has drained.
  // Without one they are answered 404.
  void SetAdminBackend(admin::AdminBackend& backend);

  // Stops listening, lets calls finish until `timeout`, then stops them. Blocks.
  void Drain(absl::Duration timeout);

  // For the client of authn's revocation stream.
  call::CredentialCache& credentials();

  absl::Status Validate(const std::shared_ptr<const domain::ResourceSet>& draft) override;
  absl::Status Serve(std::shared_ptr<const domain::ResourceSet> set) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace countersign::edge
