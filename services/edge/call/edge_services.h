#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/base/random.h"
#include "libs/domain/resources.h"
#include "services/edge/call/credential_cache.h"
#include "services/edge/call/edge_metrics.h"
#include "services/edge/edge.h"

namespace countersign::edge::call {

// The version of the resources that is served now. Thread-safe.
class ServedResources {
 public:
  // Null before the first version.
  std::shared_ptr<const domain::ResourceSet> Current() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return set_;
  }
  void Serve(std::shared_ptr<const domain::ResourceSet> set) {
    const std::lock_guard<std::mutex> lock(mutex_);
    set_ = std::move(set);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const domain::ResourceSet> set_;
};

// What every call uses and none owns. Constant for the life of an Edge.
struct EdgeServices {
  const EdgeConfig& config;
  const EdgePorts& ports;
  Clock& clock;
  RandomSource& random;
  EdgeMetrics& metrics;
  CredentialCache& credentials;
  const ServedResources& resources;

  absl::Time PortDeadline() const { return clock.Now() + config.port_timeout; }
};

// Measures one stage from its construction to its destruction.
class StageTimer {
 public:
  StageTimer(const EdgeServices& services, Stage stage)
      : services_(services), stage_(stage), begin_(services.clock.Now()) {}
  ~StageTimer() { services_.metrics.Took(stage_, services_.clock.Now() - begin_); }
  StageTimer(const StageTimer&) = delete;
  StageTimer& operator=(const StageTimer&) = delete;

 private:
  const EdgeServices& services_;
  const Stage stage_;
  const absl::Time begin_;
};

}  // namespace countersign::edge::call
