#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "libs/text/redaction/context_words.h"
#include "libs/text/redaction/redaction.h"
#include "libs/text/regex/automaton.h"

namespace countersign::text::redaction {

// What a RuleSet compiles to: the position automata of all rules side by side, in flat arrays.
// Internal to redaction_*.cc.
struct RedactionProgram {
  // An index into `neighbours`, plus one; kNone where a state neither begins nor ends a match.
  using NeighbourRef = std::uint16_t;
  static constexpr NeighbourRef kNone = 0;
  static constexpr NeighbourRef kAnything = 1;

  template <typename T>
  struct Span {
    const T* first;
    const T* last;
    const T* begin() const { return first; }
    const T* end() const { return last; }
    bool empty() const { return first == last; }
    std::size_t size() const { return static_cast<std::size_t>(last - first); }
  };
  // Lists of states, one after the other.
  struct Lists {
    std::vector<std::uint32_t> offsets = {0};
    std::vector<std::uint32_t> states;
    Span<std::uint32_t> operator[](std::size_t i) const {
      return {states.data() + offsets[i], states.data() + offsets[i + 1]};
    }
  };

  // A transition, with the set of its target beside it: most of them are looked at and not taken.
  struct Transition {
    std::uint32_t state;
    std::uint32_t set;
  };

  struct State {
    std::uint32_t rule;
    std::uint32_t first_transition;  // in `transitions`; the next state's is the end
    std::uint16_t set;               // what it consumes, in `sets`
    NeighbourRef begins;             // what may stand before a match that begins here
    NeighbourRef ends;               // what may stand after a match that ends here
    std::uint16_t ascii = 0;         // how many of its transitions, the first, take ASCII
  };

  // What the engine asks of a rule again and again.
  struct RuleTraits {
    static constexpr std::uint32_t kNoProximity = 0xFFFFFFFF;
    bool validated = false;
    std::uint32_t proximity = kNoProximity;  // in `context`
    std::uint32_t exclusion = kNoProximity;  // the same, of what may not stand there
    std::uint32_t counter = 0;    // of clusters let through; rules without min_count share 0
    regex::ByteSet first_bytes;   // of a match
    regex::ByteSet alphabet;      // of all its bytes
    std::uint32_t min_width = 1;  // of a match
    std::size_t max_width = regex::kUnbounded;
    regex::Neighbour previous{{}, false};  // what may stand before some match …
    regex::Neighbour next{{}, false};      // … and after it

    bool MayFollow(int before) const {
      return before < 0 ? previous.edge
                        : previous.bytes.Contains(static_cast<unsigned char>(before));
    }
  };

  std::vector<RedactionRule> rules;  // their regexes are emptied after compiling
  std::vector<RuleTraits> traits;    // by rule
  ContextWords context;
  std::uint32_t counters = 1;
  RedactionLimits limits;
  std::vector<regex::ByteSet> sets;
  std::vector<regex::Neighbour> neighbours;  // [0] is anything
  std::vector<State> states;  // and one more, for the end of the last one's transitions
  std::vector<Transition> transitions;
  Lists predecessors;  // empty for rules without a validator, which never look back

  // Where a match may begin: starts[before[previous byte] * classes + byte_class[byte]];
  // before[256] is the edge of the text. A cell is empty where the pair begins nothing, so that
  // idle text costs a look-up per byte.
  std::array<std::uint16_t, 257> before{};
  std::array<std::uint16_t, 256> byte_class{};
  std::size_t classes = 0;
  Lists starts;
  Lists proximity_starts;  // the same for rules with a proximity rule
  std::vector<std::uint32_t>
      proximity_of_starts;  // by place in proximity_starts.states, in `context`
  Lists exclusion_starts;   // for rules with an exclusion alone
  static constexpr std::uint8_t kPlainStart = 1;
  static constexpr std::uint8_t kProximityStart = 2;
  static constexpr std::uint8_t kExclusionStart = 4;
  std::vector<std::uint8_t> start_kinds;  // by cell: which of them are not empty
  Lists firsts;                           // by rule: the states that begin a match

  // What a stream asks of a state once it is reached.
  static constexpr std::uint8_t kAccepts = 1;    // a match ends here, whatever follows
  static constexpr std::uint8_t kWaits = 2;      // … if the next byte allows it
  static constexpr std::uint8_t kContinues = 4;  // it has transitions
  std::vector<std::uint8_t> kinds;               // by state

  // The states two bytes into a match, for all plain starts of a cell at once. Most first bytes
  // begin no match, and their states then never become threads.
  static constexpr std::uint16_t kNoPrefix2 = 0;
  std::vector<std::uint16_t> prefix2s;  // by cell; kNoPrefix2 where nothing starts, or a match
                                        // may be one byte long
  std::array<std::uint8_t, 256> second_class{};
  std::size_t second_classes = 0;
  Lists seconds;  // by prefix2 * second_classes + second_class[byte]

  Span<Transition> From(std::uint32_t state) const {
    return {transitions.data() + states[state].first_transition,
            transitions.data() + states[state + 1].first_transition};
  }
  // Those of From(state) that may take `byte`.
  Span<Transition> From(std::uint32_t state, unsigned char byte) const {
    const Span<Transition> all = From(state);
    return byte < 0x80 ? Span<Transition>{all.first, all.first + states[state].ascii} : all;
  }
  Span<std::uint32_t> Seconds(std::uint16_t prefix2, unsigned char byte) const {
    return seconds[prefix2 * second_classes + second_class[byte]];
  }
  bool Consumes(std::uint32_t state, unsigned char byte) const {
    return sets[states[state].set].Contains(byte);
  }
  bool CountAsOne(std::uint32_t rule, std::uint32_t other) const {
    return rule == other || redaction::CountAsOne(rules[rule], rules[other]);
  }
  // `byte` is -1 at the edge of the text.
  bool Allows(NeighbourRef neighbour, int byte) const {
    const regex::Neighbour& allowed = neighbours[neighbour - 1];
    return byte < 0 ? allowed.edge : allowed.bytes.Contains(static_cast<unsigned char>(byte));
  }
};

}  // namespace countersign::text::redaction
