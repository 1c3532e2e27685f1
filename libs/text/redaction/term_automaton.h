#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/text/regex/automaton.h"
#include "libs/text/regex/regex_parser.h"

// One small automaton for thousands of terms. Internal to term_rules.cc.
namespace countersign::text::redaction {

// What terms are written in: a letter in all its forms, a run of white space … Each is numbered,
// and is a pattern over folded text of its own.
using TermSymbols = std::vector<std::uint32_t>;

// The terms as a graph without loops in which those that begin alike share their beginnings and
// those that end alike their ends. Node 0 is the beginning of all.
class TermGraph {
 public:
  struct Node {
    bool complete = false;                                      // a term ends here
    std::vector<std::pair<std::uint32_t, std::uint32_t>> next;  // symbol, node; sorted
  };

  // The smallest such graph (Daciuk et al., "Incremental Construction of Minimal Acyclic
  // Finite-State Automata", 2000); nothing when it has more than `most` nodes. REQUIRES: no term is
  // empty.
  static std::optional<TermGraph> Of(std::vector<TermSymbols> terms, std::size_t most);

  const std::vector<Node>& nodes() const { return nodes_; }

 private:
  class Builder;
  std::vector<Node> nodes_;
};

// The number of states of BuildTermAutomaton(graph, symbols).
std::size_t CountStates(const TermGraph& graph, const std::vector<regex::Automaton>& symbols);

// The terms' automaton, with what symbols stand for put in their places: `symbols` are patterns in
// folded text, none of which matches the empty text. Where a match begins (ends) with a word
// character, no word character precedes (follows) it.
regex::Automaton BuildTermAutomaton(const TermGraph& graph,
                                    const std::vector<regex::Automaton>& symbols);

}  // namespace countersign::text::redaction
