#include "services/masking/analysis/analyzers.h"

namespace countersign::masking::analysis {

AnalyzerMetrics::AnalyzerMetrics(metrics::Registry& registry)
    : calls(registry.Counters("countersign_analyzer_calls_total", "Requests to analyzers.",
                              {"analyzer", "result"})),
      failures(registry.Counters("countersign_analyzer_failures_total",
                                 "Prompts and answers that an analyzer did not read to their end.",
                                 {"analyzer", "on_failure"})) {}

void Analyzers::Add(AnalyzerOptions options, std::unique_ptr<Analyzer> analyzer) {
  std::string name = options.name;
  by_name_.emplace(std::move(name),
                   ConfiguredAnalyzer{std::move(options), std::move(analyzer), clock_, metrics_});
}

const ConfiguredAnalyzer* Analyzers::Find(absl::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &found->second;
}

}  // namespace countersign::masking::analysis
