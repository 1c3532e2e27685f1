#pragma once

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/base/health_check.h"
#include "services/policy/resources/remote_parts.h"

namespace countersign::policy::resources {

// A check of one part.
struct PartCheck {
  std::string part;
  HealthCheck check;
};

// The name of the check in which every process says its version.
inline constexpr char kVersionCheck[] = "version";

// Lets every part look at what it depends on: this process by `examine`, others over the feed. Adds
// what only a comparison shows: clocks and versions. Thread-safe.
class PartExamination {
 public:
  // `part` is this process's name. All arguments must outlive this object.
  PartExamination(RemoteParts& others, const Clock& clock, std::string part, HealthExaminer examine,
                  absl::Duration timeout = absl::Seconds(5))
      : others_(others),
        clock_(clock),
        part_(std::move(part)),
        examine_(std::move(examine)),
        timeout_(timeout) {}

  // The checks, ordered by part. Blocks for about the timeout at most. RESOURCE_EXHAUSTED while
  // another one runs.
  absl::StatusOr<std::vector<PartCheck>> Run();

 private:
  std::vector<PartCheck> Examine();

  RemoteParts& others_;
  const Clock& clock_;
  const std::string part_;
  const HealthExaminer examine_;
  const absl::Duration timeout_;
  std::atomic<bool> running_{false};
};

}  // namespace countersign::policy::resources
