#pragma once

#include <vector>

#include "absl/time/time.h"
#include "libs/base/health_check.h"
#include "libs/domain/resources.h"
#include "services/edge/http_transport/http_transport.h"

namespace countersign::edge {

// Connects to the upstreams of the first 64 connections of `resources`, as calls do (resolving,
// vetting, TLS), and sends nothing. Blocks for up to `timeout`.
std::vector<HealthCheck> ExamineUpstreams(http_transport::HttpTransport& transport,
                                          const domain::ResourceSet& resources,
                                          absl::Duration timeout);

}  // namespace countersign::edge
