#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/text/regex/byte_set.h"
#include "libs/text/regex/regex_parser.h"

namespace countersign::text::regex {

// What may stand beside a match: a byte of the set, or, if `edge`, the edge of the text.
struct Neighbour {
  ByteSet bytes = ByteSet::All();
  bool edge = true;

  bool Anything() const { return edge && bytes == ByteSet::All(); }
  auto operator<=>(const Neighbour&) const = default;
};

// The position automaton (Glushkov) of a regex: one state per byte of the pattern with its repeats
// expanded. Every state is on some way to acceptance, hence a state is active after a text exactly
// when that text is a viable prefix of a match. Word edges are resolved into the transitions and
// the neighbours, so the automaton has none.
struct Automaton {
  struct Edge {
    std::uint32_t state;
    Neighbour neighbour;
  };
  std::vector<ByteSet> bytes;                         // by state: what it consumes
  std::vector<std::vector<std::uint32_t>> followers;  // by state, sorted
  std::vector<Edge> first;                            // where a match begins, and after what
  std::vector<Edge> last;                             // where it ends, and before what

  // Transitions above which a pattern is refused.
  static constexpr std::size_t kMaxTransitions = 1'000'000;
};

// INVALID_ARGUMENT when the regex matches the empty text, matches nothing at all, or has too many
// transitions.
absl::StatusOr<Automaton> BuildAutomaton(const Regex& regex);

}  // namespace countersign::text::regex
