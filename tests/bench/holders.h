#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "libs/text/detectors/detectors.h"

// Which rules hold text back, for whoever writes one: a rule whose matches may begin like an
// ordinary word holds that word wherever a chunk ends with it.
namespace countersign::bench {

struct Holder {
  std::string name;       // the entity and how its pattern begins
  double chunks = 0;      // percent of the chunks after which it holds something …
  double alone = 0;       // … and no other rule does
  double mean_bytes = 0;  // of those it holds then
};

// Every rule by itself, those that hold most often first. `ends`: where chunks of `text` end.
std::vector<Holder> FindHolders(const std::vector<const text::detectors::Detector*>& detectors,
                                const std::string& text, const std::vector<std::size_t>& ends);

}  // namespace countersign::bench
