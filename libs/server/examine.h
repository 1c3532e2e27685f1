#pragma once

#include <vector>

#include "libs/base/health_check.h"
#include "libs/server/app.h"

namespace countersign::server {

// What every process looks at: its version, its certificate, and what keeps it from being ready.
std::vector<HealthCheck> ExamineProcess(App& app);

}  // namespace countersign::server
