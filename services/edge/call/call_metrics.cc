#include "services/edge/call/call_metrics.h"

namespace countersign::edge::call {
namespace {

// Buckets of the GenAI conventions, for the seconds of a whole answer and its tokens.
const std::vector<double> kAnswerSeconds = {0.01, 0.02, 0.04, 0.08,  0.16,  0.32,  0.64,
                                            1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92};
const std::vector<double> kTokenCounts = {1,    4,     16,    64,     256,     1024,
                                          4096, 16384, 65536, 262144, 1048576, 4194304};

// In the order of Stage.
constexpr absl::string_view kStages[] = {"authenticate", "open",  "decide", "prepare",
                                         "review",       "admit", "mask",   "record"};

}  // namespace

CallMetrics::CallMetrics(metrics::Registry& registry)
    : requests_(registry.Counters("countersign_requests_total", "Calls of inference that ended",
                                  {"connection", "dialect", "outcome"})),
      first_byte_(registry
                      .Histograms("countersign_time_to_first_byte_seconds",
                                  "From a request's arrival to the first byte of its answer", {},
                                  kAnswerSeconds)
                      .With({})),
      tokens_(registry.Counters("countersign_tokens_total", "Tokens, as upstreams count them",
                                {"direction", "connection"})) {
  const metrics::HistogramFamily duration = registry.Histograms(
      "gen_ai_server_request_duration_seconds", "From a request's arrival to the end of its answer",
      {"gen_ai_operation_name"}, kAnswerSeconds);
  chat_duration_ = duration.With({"chat"});
  completion_duration_ = duration.With({"text_completion"});
  embeddings_duration_ = duration.With({"embeddings"});
  const metrics::HistogramFamily overhead = registry.Histograms(
      "countersign_overhead_seconds", "Time that a stage of the gateway took", {"stage"});
  for (std::size_t i = 0; i < stages_.size(); ++i) stages_[i] = overhead.With({kStages[i]});
  const metrics::HistogramFamily usage = registry.Histograms(
      "gen_ai_client_token_usage", "Tokens of one call", {"gen_ai_token_type"}, kTokenCounts);
  input_tokens_ = usage.With({"input"});
  output_tokens_ = usage.With({"output"});
}

void CallMetrics::Request(absl::string_view connection, absl::string_view dialect,
                          absl::string_view outcome, absl::Duration duration,
                          absl::string_view operation) {
  requests_.With({connection, dialect, outcome}).Increment();
  if (outcome != "completed") return;
  metrics::Histogram& histogram = operation == "completions"  ? completion_duration_
                                  : operation == "embeddings" ? embeddings_duration_
                                                              : chat_duration_;
  histogram.Observe(absl::ToDoubleSeconds(duration));
}

void CallMetrics::Took(Stage stage, absl::Duration duration) {
  stages_[static_cast<std::size_t>(stage)].Observe(absl::ToDoubleSeconds(duration));
}

void CallMetrics::FirstByte(absl::Duration after) {
  first_byte_.Observe(absl::ToDoubleSeconds(after));
}

void CallMetrics::Tokens(absl::string_view connection, std::uint32_t input, std::uint32_t output) {
  tokens_.With({"input", connection}).Increment(input);
  tokens_.With({"output", connection}).Increment(output);
  input_tokens_.Observe(input);
  output_tokens_.Observe(output);
}

}  // namespace countersign::edge::call
