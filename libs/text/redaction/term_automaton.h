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

// A term as symbols: a letter in all its forms, a run of white space … Each symbol has a number and
// is a pattern over folded text.
using TermSymbols = std::vector<std::uint32_t>;

// The terms as an acyclic graph in which common prefixes and common suffixes are shared. Node 0 is
// the root.
class TermGraph {
 public:
  struct Node {
    bool complete = false;                                      // a term ends here
    std::vector<std::pair<std::uint32_t, std::uint32_t>> next;  // symbol, node; sorted
  };

  // The minimal graph (Daciuk et al., "Incremental Construction of Minimal Acyclic Finite-State
  // Automata", 2000); nullopt when it has more than `most` nodes. REQUIRES: no term is empty.
  static std::optional<TermGraph> Build(std::vector<TermSymbols> terms, std::size_t most);

  const std::vector<Node>& nodes() const { return nodes_; }

 private:
  class Builder;
  std::vector<Node> nodes_;
};

// The number of states of BuildTermAutomaton(graph, symbols).
std::size_t CountStates(const TermGraph& graph, const std::vector<regex::Automaton>& symbols);

// The terms' automaton, with each symbol replaced by its pattern: `symbols` are patterns over
// folded text, none of which matches the empty text. A match that starts (ends) with a word
// character is not preceded (followed) by one.
regex::Automaton BuildTermAutomaton(const TermGraph& graph,
                                    const std::vector<regex::Automaton>& symbols);

}  // namespace countersign::text::redaction
