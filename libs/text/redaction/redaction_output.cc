#include "libs/text/redaction/redaction_output.h"

#include <utility>

namespace countersign::text::redaction {

void RedactionOutput::Clear(const TextWindow& text, std::uint64_t to) {
  if (to < state_.emitted) return;
  const std::size_t before = released_.size();
  state_.patches.Take(text.Slice(state_.emitted, to), state_.emitted, to, true, &released_);
  state_.emitted = to;
  state_.input_emitted += released_.size() - before;
}

RedactedSpan RedactionOutput::Take(const TextWindow& text, const MatchCluster& cluster) {
  RedactedSpan span;
  span.entity = program_.rules[cluster.rule].entity;
  state_.patches.Take(text.Slice(state_.emitted, cluster.end), state_.emitted, cluster.end, false,
                      &span.original);
  span.input_begin = state_.input_emitted;
  span.input_end = span.input_begin + span.original.size();
  span.begin = span.end = released_.size();
  state_.emitted = cluster.end;
  state_.input_emitted = span.input_end;
  return span;
}

bool RedactionOutput::LetsThrough(const MatchCluster& cluster) const {
  const std::size_t min_count = program_.rules[cluster.rule].min_count;
  if (min_count <= 1 || cluster.mixed) return false;
  const std::uint32_t counter = program_.traits[cluster.rule].counter;
  return (state_.counts.empty() ? 0 : state_.counts[counter]) + 1 < min_count;
}

void RedactionOutput::Replace(const TextWindow& text, const MatchCluster& cluster) {
  const RedactionRule& rule = program_.rules[cluster.rule];
  if (LetsThrough(cluster)) {
    if (state_.counts.empty()) state_.counts.resize(program_.counters);
    ++state_.counts[program_.traits[cluster.rule].counter];
    return Clear(text, cluster.end);
  }
  RedactedSpan span = Take(text, cluster);
  if (!rule.rewrite) {
    released_ += rule.replacement;
  } else {
    released_ += cluster.mixed ? rule.mixed_replacement : rule.rewrite(span.original);
  }
  span.end = released_.size();
  spans_.push_back(std::move(span));
}

void RedactionOutput::Swallow(const TextWindow& text, const MatchCluster& cluster) {
  if (cluster.end == state_.emitted) return;
  RedactedSpan span = Take(text, cluster);
  span.continued = true;
  spans_.push_back(std::move(span));
}

}  // namespace countersign::text::redaction
