#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/bench/commit_loop.h"
#include "tests/bench/load.h"

namespace countersign::bench {

// A way to reach the mock upstream.
struct Target {
  std::string name;
  std::uint16_t port = 0;
  std::vector<pid_t> processes;  // process trees whose cost counts; empty: no proxy
  std::vector<pid_t> database;   // counted as well, and shown separately
  std::string headers;           // sent with every request; lines, each with CRLF
  bool streams = true;           // false: measured without streams
};

struct Scenario {
  std::string name;
  bool stream = false;
  int connections = 1;
  absl::Duration duration;
};

struct Measured {
  LoadResult load;
  std::int64_t cpu_us = 0;           // including the database's
  std::int64_t database_cpu_us = 0;  // the database's share
  std::int64_t peak_memory_bytes = 0;
  std::vector<double> requests_per_second;  // by round
};

struct Results {
  std::vector<std::vector<Measured>> measured;  // [scenario][target]
  std::vector<std::int64_t> commits;            // latencies in nanoseconds
};

struct PairedOptions {
  std::vector<Target> targets;
  std::vector<Scenario> scenarios;
  std::string bearer;             // sent to every target
  CommitLoop* commits = nullptr;  // run once per round, alone
  int rounds = 3;
  absl::Duration warm_up = absl::Milliseconds(200);  // before each measurement
  unsigned seed = 1;                                 // of the order of targets within each round
};

// Runs every scenario against every target, round by round, with the targets in random order, so
// that other load on the machine affects all alike.
absl::StatusOr<Results> RunPaired(const PairedOptions& options);

std::string Table(const PairedOptions& options, const Results& results);
std::string Json(const PairedOptions& options, const Results& results);

}  // namespace countersign::bench
