#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/metrics/metrics.h"
#include "services/masking/analysis/analyzer.h"

namespace countersign::masking::analysis {

enum class OnFailure {
  kRefuse,    // the call is refused, or its answer ends with an error
  kMaskLess,  // patterns alone mask the rest of the text, and the record says so
};

// How one analyzer is used.
struct AnalyzerOptions {
  std::string name;
  std::string language = "en";
  // For everything that one request to masking asks the analyzer. Below the edge's `port` timeout.
  absl::Duration timeout = absl::Seconds(2);
  OnFailure on_failure = OnFailure::kRefuse;
  // For one prompt or one answer; more is a failure.
  std::size_t most_calls = 2000;
  std::size_t most_bytes = std::size_t{1} << 20;
};

//   countersign_analyzer_calls_total{analyzer,result}    ok, or how it failed
//   countersign_analyzer_failures_total{analyzer,on_failure}  prompts and answers that it did not
//                                                             read to their end
struct AnalyzerMetrics {
  explicit AnalyzerMetrics(metrics::Registry& registry);
  metrics::CounterFamily calls;
  metrics::CounterFamily failures;
};

// An analyzer as it is used.
struct ConfiguredAnalyzer {
  AnalyzerOptions options;
  std::unique_ptr<Analyzer> analyzer;
  const Clock& clock;
  AnalyzerMetrics& metrics;
};

// The analyzers of this process, by name. Immutable once filled; thread-safe then.
class Analyzers {
 public:
  Analyzers(const Clock& clock, metrics::Registry& registry) : clock_(clock), metrics_(registry) {}

  void Add(AnalyzerOptions options, std::unique_ptr<Analyzer> analyzer);

  // Null when there is none of this name.
  const ConfiguredAnalyzer* Find(absl::string_view name) const;

 private:
  const Clock& clock_;
  AnalyzerMetrics metrics_;
  std::map<std::string, ConfiguredAnalyzer, std::less<>> by_name_;
};

}  // namespace countersign::masking::analysis
