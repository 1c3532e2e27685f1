#pragma once

#include <string>

#include "libs/metrics/metrics.h"

namespace countersign::metrics {

// What the kernel knows of this process, under the names of Prometheus' own clients:
// process_cpu_seconds_total, process_resident_memory_bytes, process_start_time_seconds,
// process_open_fds, process_max_fds, and process_threads. Read from `proc` before every exposition;
// what cannot be read keeps its last value, at first 0.
void ExposeProcess(Registry& registry, const std::string& proc = "/proc");

}  // namespace countersign::metrics
