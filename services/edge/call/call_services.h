#pragma once

#include <cstddef>

#include "absl/time/time.h"
#include "libs/async/stop_signal.h"
#include "libs/base/clock.h"
#include "libs/base/random.h"
#include "libs/base/thread_pool.h"
#include "libs/domain/authenticator.h"
#include "libs/domain/masker.h"
#include "libs/domain/policy_decider.h"
#include "libs/domain/recorder.h"
#include "libs/domain/review_gate.h"
#include "libs/log/throttle.h"
#include "services/edge/call/call_metrics.h"
#include "services/edge/call/served_resources.h"

namespace countersign::edge::call {

namespace request {
class CredentialCache;
}
namespace reflection {
class SchemaCache;
}

// The interfaces to the other services. All must outlive every call.
struct Ports {
  domain::Authenticator& authenticator;
  domain::PolicyDecider& decider;
  domain::ReviewGate& reviews;
  domain::Masker& masker;
  domain::Recorder& recorder;
};

struct CallOptions {
  absl::Duration port_timeout = absl::Seconds(10);  // for one request to one port
  // Of an answer that is not a stream, or has a length; of one event of a stream.
  std::size_t max_response_bytes = 64u << 20;
  absl::Duration status_within = absl::Seconds(10);  // until a held stream's head is sent
  absl::Duration waiting_every = absl::Seconds(10);  // between keep-alives of a held stream
  // Between two attempts to verify the caller of a running call while authn is unreachable.
  absl::Duration ask_caller_every = absl::Seconds(2);
  std::size_t body_threads = 2;        // threads that parse large bodies
  std::size_t max_bodies_queued = 64;  // bodies waiting for them
};

// Objects shared by all calls. Constant while calls run; thread-safe.
struct CallServices {
  const CallOptions& options;
  const Ports& ports;
  Clock& clock;
  RandomSource& random;
  CallMetrics& metrics;
  request::CredentialCache& credentials;
  const ServedResources& resources;
  ThreadPool& body_pool;        // see large_work.h
  async::StopSignal& stopping;  // given when the process begins to stop
  log::Throttle& failures;      // of the lines about calls that a failing part has ended
  // The services of upstreams that have no descriptors; null: their reflection is not read.
  reflection::SchemaCache* schemas = nullptr;

  absl::Time PortDeadline() const { return clock.Now() + options.port_timeout; }
};

// Measures a stage from construction to destruction.
class StageTimer {
 public:
  StageTimer(const CallServices& services, Stage stage)
      : services_(services), stage_(stage), begin_(services.clock.Now()) {}
  ~StageTimer() { services_.metrics.Took(stage_, services_.clock.Now() - begin_); }
  StageTimer(const StageTimer&) = delete;
  StageTimer& operator=(const StageTimer&) = delete;

 private:
  const CallServices& services_;
  const Stage stage_;
  const absl::Time begin_;
};

}  // namespace countersign::edge::call
