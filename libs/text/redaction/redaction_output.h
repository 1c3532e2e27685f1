#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "libs/text/redaction/match_finder.h"

namespace countersign::text::redaction {

// Writes a redaction: what is clear as it was before folding, and what replaces clusters.
class RedactionOutput {
 public:
  RedactionOutput(const RedactionProgram& program, OutputState& state, std::string* released,
                  std::vector<RedactedSpan>* spans)
      : program_(program), state_(state), released_(*released), spans_(*spans) {}

  // Everything up to `to` leaves, and what was dropped right before it. Nothing happens where that
  // has left already. REQUIRES: `text` holds what has not left.
  void Clear(const TextWindow& text, std::uint64_t to);

  // A cluster that is next: it is replaced, or let through when its rule still waits for more.
  void Replace(const TextWindow& text, const MatchCluster& cluster);

  // More of a cluster whose replacement has left.
  void Swallow(const TextWindow& text, const MatchCluster& cluster);

  // True when the cluster, which is next, would leave as it is unless it grows.
  bool LetsThrough(const MatchCluster& cluster) const;

 private:
  RedactedSpan Take(const TextWindow& text, const MatchCluster& cluster);

  const RedactionProgram& program_;
  OutputState& state_;
  std::string& released_;
  std::vector<RedactedSpan>& spans_;
};

}  // namespace countersign::text::redaction
