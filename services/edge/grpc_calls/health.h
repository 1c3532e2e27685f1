#pragma once

#include <functional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/base/mutex.h"

namespace countersign::edge::grpc_calls {

// The path prefix of grpc.health.v1.Health, which needs no credential, like the probes.
inline constexpr absl::string_view kHealthPrefix = "/grpc.health.v1.Health/";

// Whether the gateway serves, for grpc.health.v1. Thread-safe.
class Health {
 public:
  // `find_missing` returns what /readyz does: "" when ready.
  Health(std::function<std::string()> find_missing, const Clock& clock)
      : find_missing_(std::move(find_missing)), clock_(clock) {}

  // At most a second old, because a check may ask a database, and anyone may ask for one.
  bool Serving() CS_EXCLUDES(mutex_);

 private:
  const std::function<std::string()> find_missing_;
  const Clock& clock_;
  Mutex mutex_;
  absl::Time checked_at_ CS_GUARDED_BY(mutex_) = absl::InfinitePast();
  bool serving_ CS_GUARDED_BY(mutex_) = false;
};

// grpc.health.v1.HealthCheckResponse.ServingStatus.
enum class ServingStatus { kUnknown = 0, kServing = 1, kNotServing = 2, kServiceUnknown = 3 };

// The service that a grpc.health.v1.HealthCheckRequest names; INVALID_ARGUMENT when it cannot be
// read.
absl::StatusOr<std::string> ReadHealthRequest(absl::string_view message);
// A grpc.health.v1.HealthCheckResponse, serialised.
std::string MakeHealthResponse(ServingStatus status);

}  // namespace countersign::edge::grpc_calls
