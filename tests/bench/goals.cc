#include "tests/bench/goals.h"

#include <algorithm>

#include "absl/strings/str_format.h"

namespace countersign::bench {
namespace {

// The time that a call may take in addition to its commits.
constexpr double kWorkUs = 400;

const Measured* Find(const PairedOptions& options, const Results& results, absl::string_view target,
                     bool stream, bool one) {
  for (std::size_t i = 0; i < options.scenarios.size(); ++i) {
    const Scenario& scenario = options.scenarios[i];
    if (scenario.stream != stream || (scenario.connections == 1) != one) continue;
    for (std::size_t j = 0; j < options.targets.size(); ++j) {
      if (options.targets[j].name == target) return &results.measured[i][j];
    }
  }
  return nullptr;
}

double PerRequest(std::int64_t cpu_us, const Measured& measured) {
  return static_cast<double>(cpu_us) /
         static_cast<double>(std::max<std::int64_t>(measured.load.requests, 1));
}

}  // namespace

std::vector<Goal> Goals(const PairedOptions& options, const Results& results) {
  std::vector<Goal> goals;
  const Measured* const ours = Find(options, results, "countersign", false, false);
  const Measured* const nginx = Find(options, results, "nginx", false, false);
  const Measured* const other = Find(options, results, "portkey", false, false);
  if (ours == nullptr) return goals;
  const double cpu = PerRequest(ours->cpu_us, *ours);
  const double own = PerRequest(ours->cpu_us - ours->database_cpu_us, *ours);
  if (nginx != nullptr && nginx->cpu_us > 0) {
    const double plain = PerRequest(nginx->cpu_us, *nginx);
    goals.push_back({"CPU per request / nginx", cpu / plain, 25});
    goals.push_back({"CPU per request without PostgreSQL / nginx", own / plain, 10});
  }
  const Measured* const single = Find(options, results, "countersign", false, true);
  const double commit = static_cast<double>(Percentile(results.commits, 0.5)) / 1000;
  if (single != nullptr && commit > 0) {
    const double p50 = static_cast<double>(Percentile(single->load.latency, 0.5)) / 1000;
    goals.push_back({"(p50 of one connection - 400 us) / one commit", (p50 - kWorkUs) / commit, 2});
  }
  if (other != nullptr && cpu > 0) {
    goals.push_back({"CPU per request of portkey / ours", PerRequest(other->cpu_us, *other) / cpu,
                     4, /*at_least=*/true});
  }
  return goals;
}

std::string GoalTable(const std::vector<Goal>& goals) {
  std::string table;
  for (const Goal& goal : goals) {
    absl::StrAppendFormat(&table, "  %-48s %8.1f  (goal: %s %.0f%s)\n", goal.name, goal.value,
                          goal.at_least ? ">=" : "<=", goal.limit,
                          goal.reached() ? "" : ", not reached");
  }
  return table;
}

}  // namespace countersign::bench
