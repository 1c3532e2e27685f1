#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "libs/text/redaction/match_finder.h"

namespace countersign::text::redaction {

// Writes the output of a redaction: the original text outside of matches, and the replacements of
// clusters.
class RedactionOutput {
 public:
  RedactionOutput(const RedactionProgram& program, OutputState& state, std::string* released,
                  std::vector<RedactedSpan>* spans)
      : program_(program), state_(state), released_(*released), spans_(*spans) {}

  // Releases the text up to `to`, including characters dropped directly before it; nothing if that
  // was released before. REQUIRES: `text` contains the unreleased text.
  void Clear(const TextWindow& text, std::uint64_t to);

  // Replaces the next cluster, or releases it while its rule is below min_count.
  void Replace(const TextWindow& text, const MatchCluster& cluster);

  // Drops more of a cluster whose replacement was released before.
  void Swallow(const TextWindow& text, const MatchCluster& cluster);

  // Whether the next cluster would be released if it does not grow.
  bool LetsThrough(const MatchCluster& cluster) const;

 private:
  RedactedSpan Take(const TextWindow& text, const MatchCluster& cluster);

  const RedactionProgram& program_;
  OutputState& state_;
  std::string& released_;
  std::vector<RedactedSpan>& spans_;
};

}  // namespace countersign::text::redaction
