#pragma once

#include <string>
#include <vector>

#include "tests/bench/paired_run.h"

namespace countersign::bench {

// The gateway's performance goals, as ratios within one run, because machines differ: relative to
// nginx, to one durable commit, and to another gateway measured in the same run.
struct Goal {
  std::string name;
  double value = 0;
  double limit = 0;
  bool at_least = false;  // the limit is a lower bound

  bool reached() const { return at_least ? value >= limit : value <= limit; }
};

// Targets by name: "countersign", "nginx", "portkey". Targets that were not measured have no goal.
std::vector<Goal> Goals(const PairedOptions& options, const Results& results);

std::string GoalTable(const std::vector<Goal>& goals);

}  // namespace countersign::bench
