#pragma once

#include <vector>

#include "libs/base/clock.h"
#include "libs/base/health_check.h"
#include "libs/pg/pool.h"

namespace countersign::pg {

// Looks at the database of `pool`: whether it answers and can be written, its clock against
// `clock`, the lag of a standby, and the migrations of the pool's schema. Blocking; bounded by the
// pool's timeouts.
std::vector<HealthCheck> Examine(Pool& pool, const Clock& clock);

// The check of another clock, read between two readings of the own one: `before` and `after`.
HealthCheck CompareClocks(std::string name, absl::Time before, absl::Time other, absl::Time after);

}  // namespace countersign::pg
