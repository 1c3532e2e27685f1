#pragma once

#include <cstddef>

#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/base/random.h"
#include "libs/domain/authenticator.h"
#include "libs/domain/masker.h"
#include "libs/domain/policy_decider.h"
#include "libs/domain/recorder.h"
#include "libs/domain/review_gate.h"
#include "services/edge/call/call_metrics.h"
#include "services/edge/call/served_resources.h"

namespace countersign::edge::call {

namespace request {
class CredentialCache;
}

// The steps that other parts do. All must outlive every call.
struct Ports {
  domain::Authenticator& authenticator;
  domain::PolicyDecider& decider;
  domain::ReviewGate& reviews;
  domain::Masker& masker;
  domain::Recorder& recorder;
};

struct CallOptions {
  absl::Duration port_timeout = absl::Seconds(10);  // one question to one part
  std::size_t max_response_bytes = 64u << 20;  // of an answer that is no stream, or says its length
  absl::Duration status_within = absl::Seconds(10);  // a held stream's head goes out after this
  absl::Duration waiting_every = absl::Seconds(10);  // between keep-alives of a held stream
};

// What every call uses and none owns. Constant while any call runs; thread-safe.
struct CallServices {
  const CallOptions& options;
  const Ports& ports;
  Clock& clock;
  RandomSource& random;
  CallMetrics& metrics;
  request::CredentialCache& credentials;
  const ServedResources& resources;

  absl::Time PortDeadline() const { return clock.Now() + options.port_timeout; }
};

// Measures one stage from its construction to its destruction.
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
