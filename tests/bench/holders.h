#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "libs/text/detectors/detectors.h"

// Shows which rules hold text, for authors of rules: a rule whose matches may start like an
// ordinary word holds that word whenever a chunk ends in it.
namespace countersign::bench {

struct Holder {
  std::string name;       // the entity and the start of its pattern
  double chunks = 0;      // percentage of chunks after which it holds text …
  double alone = 0;       // … and no other rule does
  double mean_bytes = 0;  // mean of the bytes held then
};

// Evaluates every rule separately; the most frequent holders first. `ends` are the ends of the
// chunks.
std::vector<Holder> FindHolders(const std::vector<const text::detectors::Detector*>& detectors,
                                const std::string& text, const std::vector<std::size_t>& ends);

}  // namespace countersign::bench
