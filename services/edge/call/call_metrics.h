#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/metrics/metrics.h"

namespace countersign::edge::call {

// The stages whose overhead is measured.
enum class Stage { kAuthenticate, kOpen, kDecide, kPrepare, kReview, kAdmit, kMask, kRecord };

// The metrics of the edge; decisions and masked spans are counted by the services that make them.
// Labels are names of configured resources, dialects, outcomes and stages, so callers cannot create
// new ones. Thread-safe.
class CallMetrics {
 public:
  explicit CallMetrics(metrics::Registry& registry);

  // Counts an ended request. `outcome` is that of its session, or the error's code when there was
  // no session; `connection` is empty when none was found, `operation` when it was not read.
  void Request(absl::string_view connection, absl::string_view dialect, absl::string_view outcome,
               absl::Duration duration, absl::string_view operation = "");

  void Took(Stage stage, absl::Duration duration);

  void FirstByte(absl::Duration after);
  void Tokens(absl::string_view connection, std::uint32_t input, std::uint32_t output);

 private:
  metrics::CounterFamily requests_;
  std::array<metrics::Histogram, 8> stages_;
  metrics::Histogram first_byte_;
  metrics::CounterFamily tokens_;
  // By OpenTelemetry's name of the operation.
  metrics::Histogram chat_duration_;
  metrics::Histogram completion_duration_;
  metrics::Histogram embeddings_duration_;
  metrics::Histogram input_tokens_;
  metrics::Histogram output_tokens_;
};

}  // namespace countersign::edge::call
