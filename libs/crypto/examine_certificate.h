#pragma once

#include <string>

#include "absl/time/time.h"
#include "libs/base/health_check.h"

namespace countersign::crypto {

// The check `name` of the certificate in `file` (PEM, leaf first): how long it is valid after
// `now`. A warning when less than two weeks are left.
HealthCheck ExamineCertificate(std::string name, const std::string& file, absl::Time now);

}  // namespace countersign::crypto
