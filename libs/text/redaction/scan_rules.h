#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "libs/text/redaction/redaction_program.h"

namespace countersign::text::redaction {

// A relaxation of a pattern for scanning whole texts: it matches a superset, counts fewer repeats
// and so has fewer states.
regex::RegexNode ForScanning(const regex::RegexNode& node);

// The targets of a scan of a whole text, as one position automaton: the rules of a program without
// a proximity rule, and the phrases that the proximity rules of the others require. Immutable,
// thread-safe.
class ScanRules {
 public:
  // A phrase of proximity rules, and the rules that require it.
  struct Phrase {
    std::vector<std::string> words;
    std::vector<std::uint32_t> rules;
  };

  struct State {
    std::uint32_t target;            // see phrase_base()
    std::uint32_t first_transition;  // they end at the next state's
    std::uint16_t set;
    std::uint16_t next;  // in neighbours: allowed after a match that ends here; or one of …
  };
  static constexpr std::uint16_t kNoEnd = 0xFFFF;    // no match ends here
  static constexpr std::uint16_t kAnyNext = 0xFFFE;  // a match ends here, whatever follows

  // `automata`, by rule, are those of ForScanning(pattern); not used for rules with a proximity
  // rule.
  ScanRules(const RedactionProgram& program, const std::vector<regex::Automaton>& automata);

  // Targets below this are rules of the program; from this on they are phrases.
  std::uint32_t phrase_base() const { return phrase_base_; }
  const std::vector<Phrase>& phrases() const { return phrases_; }

  // Bytes that no state and no neighbour distinguishes share a class.
  std::size_t classes() const { return class_bytes_.size(); }
  const std::array<std::uint8_t, 256>& class_of() const { return class_of_; }
  unsigned char ClassByte(std::size_t byte_class) const { return class_bytes_[byte_class]; }

  // The class of a byte before a match; -1 is the edge of the text.
  std::uint16_t BeforeClass(int byte) const {
    return before_[byte < 0 ? 256 : static_cast<std::size_t>(byte)];
  }

  const State& state(std::uint32_t number) const { return states_[number]; }

  // Whether a match that ends in `state`, which has a `next`, may be followed by `byte`.
  bool Allows(const State& state, int byte) const {
    const regex::Neighbour& next = neighbours_[state.next];
    return byte < 0 ? next.edge : next.bytes.Contains(static_cast<unsigned char>(byte));
  }
  bool GoesOn(std::uint32_t state) const {
    return states_[state].first_transition < states_[state + 1].first_transition;
  }

  // The active states, in order, after a byte of `byte_class`, given the `active` states before it
  // and the class `before` of the previous byte.
  template <typename States>
  void Step(const States& active, std::uint16_t before, std::size_t byte_class,
            std::vector<std::uint32_t>& next) const {
    const unsigned char byte = class_bytes_[byte_class];
    next.clear();
    for (const std::uint32_t state : active) {
      for (std::uint32_t i = states_[state].first_transition;
           i < states_[state + 1].first_transition; ++i) {
        if (sets_[transitions_[i].set].Contains(byte)) next.push_back(transitions_[i].state);
      }
    }
    for (const Start& start : starts_[byte_class]) {
      if (before_allows_[before][start.previous]) next.push_back(start.state);
    }
    SortOnce(next);
  }

 private:
  struct Start {
    std::uint32_t state;
    std::uint16_t previous;  // in neighbours_
  };

  static void SortOnce(std::vector<std::uint32_t>& states);
  void AddRule(std::uint32_t number, const regex::Automaton& automaton, const RedactionRule& rule);
  void CollectPhrases(const RedactionProgram& program);
  void AddPhrase(const std::vector<std::string>& words, std::uint32_t target);
  std::uint16_t SetNumber(const regex::ByteSet& bytes);
  std::uint16_t NeighbourNumber(regex::Neighbour neighbour, const regex::ByteSet& forbidden);
  void AddState(std::uint32_t target, const regex::ByteSet& bytes);
  void NumberClasses();

  std::uint32_t phrase_base_ = 0;
  std::vector<Phrase> phrases_;
  std::vector<regex::ByteSet> sets_;
  std::map<regex::ByteSet, std::uint16_t> set_numbers_;
  std::vector<regex::Neighbour> neighbours_;
  std::map<regex::Neighbour, std::uint16_t> neighbour_numbers_;
  std::vector<State> states_;  // plus a sentinel
  std::vector<RedactionProgram::Transition> transitions_;
  std::vector<Start> all_starts_;
  std::vector<std::vector<Start>> starts_;  // by class of the consumed byte
  std::array<std::uint8_t, 256> class_of_{};
  std::vector<unsigned char> class_bytes_;
  std::array<std::uint16_t, 257> before_{};
  std::vector<std::vector<bool>> before_allows_;  // by class of the byte before, by neighbour
};

}  // namespace countersign::text::redaction
