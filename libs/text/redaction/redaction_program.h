#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "libs/text/redaction/context_words.h"
#include "libs/text/redaction/redaction.h"
#include "libs/text/regex/automaton.h"

namespace countersign::text::redaction {

// A compiled RuleSet: the position automata of all rules, in flat arrays. Internal to
// redaction_*.cc.
struct RedactionProgram {
  // An index into `neighbours`, plus one; kNone for a state that neither starts nor ends a match.
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
  // Lists of states, stored consecutively.
  struct Lists {
    std::vector<std::uint32_t> offsets = {0};
    std::vector<std::uint32_t> states;
    Span<std::uint32_t> operator[](std::size_t i) const {
      return {states.data() + offsets[i], states.data() + offsets[i + 1]};
    }
  };

  // A transition, stored with its target's byte set, because most are tested and not taken.
  struct Transition {
    std::uint32_t state;
    std::uint32_t set;
  };

  struct State {
    std::uint32_t rule;
    std::uint32_t first_transition;  // in `transitions`; they end at the next state's
    std::uint16_t set;               // the bytes it consumes, in `sets`
    NeighbourRef begins;             // allowed before a match that starts here
    NeighbourRef ends;               // allowed after a match that ends here
    std::uint16_t ascii = 0;         // its first `ascii` transitions accept ASCII
  };

  // The properties of a rule that the engine reads often.
  struct RuleTraits {
    static constexpr std::uint32_t kNoProximity = 0xFFFFFFFF;
    bool validated = false;
    bool compared = false;                   // an operator that compares excludes a match behind it
    std::uint32_t proximity = kNoProximity;  // in `context`
    std::uint32_t exclusion = kNoProximity;  // the same for the exclusion
    std::uint32_t counter = 0;    // counts released clusters; rules without min_count share 0
    regex::ByteSet first_bytes;   // of a match
    regex::ByteSet alphabet;      // of all its bytes
    std::uint32_t min_width = 1;  // of a match
    std::size_t max_width = regex::kUnbounded;
    regex::Neighbour previous{{}, false};  // allowed before some match …
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
  // The same by byte: a row of bits that says which sets hold it, so that all transitions on one
  // byte read one row.
  std::vector<std::uint64_t> set_rows;
  std::size_t set_row_words = 0;
  std::vector<regex::Neighbour> neighbours;  // [0] is anything
  // Some rules look for word edges beyond ASCII. Before a match stands then either the last byte of
  // a word character, or kNoWord, a byte that is in no UTF-8, for any other character beyond ASCII.
  bool has_word_edges = false;
  static constexpr int kNoWord = 0xff;
  std::vector<State> states;  // plus a sentinel for the end of the last transitions
  std::vector<Transition> transitions;
  Lists predecessors;  // empty for rules without a validator, which never run backwards

  // The states in which a match may start: starts[before[previous byte] * classes +
  // byte_class[byte]]; before[256] is the start of the text. Most cells are empty, so that text
  // without matches costs one look-up per byte.
  std::array<std::uint16_t, 257> before{};
  std::array<std::uint16_t, 256> byte_class{};
  std::size_t classes = 0;
  Lists starts;
  // The same for rules with a proximity rule: those of one proximity rule are a run.
  struct GatedRun {
    std::uint32_t proximity;    // in `context`
    std::uint32_t first, last;  // in `gated_starts`
  };
  struct GatedCell {
    ProximitySet proximity_rules;  // of its rules, and the exclusions of `exclusion_starts`
    std::uint32_t first_run = 0, last_run = 0;
  };
  std::vector<GatedCell> gated;  // by cell
  std::vector<GatedRun> gated_runs;
  std::vector<std::uint32_t> gated_starts;
  Lists exclusion_starts;  // for rules with an exclusion alone
  static constexpr std::uint8_t kPlainStart = 1;
  static constexpr std::uint8_t kProximityStart = 2;
  static constexpr std::uint8_t kExclusionStart = 4;
  std::vector<std::uint8_t> start_kinds;  // by cell: which lists are not empty
  Lists firsts;                           // by rule: the states that begin a match

  // Properties of a state when it is reached.
  static constexpr std::uint8_t kAccepts = 1;    // a match ends here, whatever follows
  static constexpr std::uint8_t kWaits = 2;      // … if the next byte allows it
  static constexpr std::uint8_t kContinues = 4;  // it has transitions
  std::vector<std::uint8_t> kinds;               // by state

  // The states after two bytes of a match, for all plain starts of a cell at once. Most first bytes
  // start no match; their states then never become threads.
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
  // Those transitions of From(state) that may accept `byte`.
  Span<Transition> From(std::uint32_t state, unsigned char byte) const {
    const Span<Transition> all = From(state);
    return byte < 0x80 ? Span<Transition>{all.first, all.first + states[state].ascii} : all;
  }
  Span<std::uint32_t> Seconds(std::uint16_t prefix2, unsigned char byte) const {
    return seconds[prefix2 * second_classes + second_class[byte]];
  }
  const std::uint64_t* SetRow(unsigned char byte) const {
    return set_rows.data() + byte * set_row_words;
  }
  static bool Holds(const std::uint64_t* row, std::uint32_t set) {
    return (row[set / 64] >> (set % 64) & 1) != 0;
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
