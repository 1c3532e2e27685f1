#pragma once

#include <string>
#include <vector>

#include "tests/bench/paired_run.h"

namespace countersign::bench {

// What the gateway is to reach, as ratios within one run, because machines differ: against nginx,
// against one durable commit, and against another gateway that was measured beside it.
struct Goal {
  std::string name;
  double value = 0;
  double limit = 0;
  bool at_least = false;  // the limit is a lower one

  bool reached() const { return at_least ? value >= limit : value <= limit; }
};

// Of targets by name: "countersign", "nginx", "portkey". What was not measured has no goal.
std::vector<Goal> Goals(const PairedOptions& options, const Results& results);

std::string GoalTable(const std::vector<Goal>& goals);

}  // namespace countersign::bench
