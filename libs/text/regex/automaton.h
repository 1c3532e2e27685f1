#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/text/regex/byte_set.h"
#include "libs/text/regex/regex_parser.h"

namespace countersign::text::regex {

// The allowed neighbour of a match: a byte of the set or, if `edge`, the edge of the text.
struct Neighbour {
  ByteSet bytes = ByteSet::All();
  bool edge = true;

  bool Anything() const { return edge && bytes == ByteSet::All(); }
  auto operator<=>(const Neighbour&) const = default;
};

// The position automaton (Glushkov) of a regex: one state per byte of the pattern, with repeats
// expanded. Every state leads to acceptance, so a state is active after a text exactly when the
// text is a prefix of a possible match. Word boundaries are resolved into the transitions and
// neighbours.
struct Automaton {
  struct Edge {
    std::uint32_t state;
    Neighbour neighbour;
  };
  std::vector<ByteSet> bytes;                         // by state: the bytes it consumes
  std::vector<std::vector<std::uint32_t>> followers;  // by state, sorted
  std::vector<Edge> first;  // where a match starts, and its allowed left neighbours
  std::vector<Edge> last;   // where it ends, and its allowed right neighbours

  // Patterns with more transitions are refused.
  static constexpr std::size_t kMaxTransitions = 1'000'000;
};

// INVALID_ARGUMENT when the regex matches the empty text, cannot match, or has too many
// transitions.
absl::StatusOr<Automaton> BuildAutomaton(const Regex& regex);

}  // namespace countersign::text::regex
