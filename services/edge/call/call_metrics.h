#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/metrics/metrics.h"

namespace countersign::edge::call {

// Where the gateway itself spends time.
enum class Stage { kAuthenticate, kOpen, kDecide, kPrepare, kReview, kAdmit, kMask, kRecord };

// Everything that the edge counts; decisions and masked spans are counted by the parts that make
// them. Labels are names of configured resources, dialects, outcomes and
// stages; a caller cannot make a new one. Thread-safe.
class CallMetrics {
 public:
  explicit CallMetrics(metrics::Registry& registry);

  // One request that ended. `outcome` is that of its session, or the error's code when there was
  // none; `connection` is empty when no configured one was found.
  void Request(absl::string_view connection, absl::string_view dialect, absl::string_view outcome,
               absl::Duration duration);

  void Took(Stage stage, absl::Duration duration);

  void FirstByte(absl::Duration after);
  void Tokens(absl::string_view connection, std::uint32_t input, std::uint32_t output);

 private:
  metrics::CounterFamily requests_;
  std::array<metrics::Histogram, 8> stages_;
  metrics::Histogram first_byte_;
  metrics::CounterFamily tokens_;
  metrics::Histogram duration_;
  metrics::Histogram input_tokens_;
  metrics::Histogram output_tokens_;
};

}  // namespace countersign::edge::call
