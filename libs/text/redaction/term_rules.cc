#include "libs/text/redaction/term_rules.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/text/redaction/term_automaton.h"
#include "libs/text/redaction/term_symbols.h"

namespace countersign::text::redaction {
namespace {

// The narrowest and widest match in bytes. REQUIRES: every node except the first comes after all
// nodes that it leads to.
std::pair<std::size_t, std::size_t> TermWidths(const TermGraph& graph,
                                               const TermAlphabet& alphabet) {
  const std::vector<TermGraph::Node>& nodes = graph.nodes();
  std::vector<std::pair<std::size_t, std::size_t>> widths(nodes.size());
  const auto measure = [&](std::size_t number) {
    const TermGraph::Node& node = nodes[number];
    std::size_t narrowest = node.complete ? 0 : regex::kUnbounded;
    std::size_t widest = 0;
    for (const auto& [symbol, to] : node.next) {
      const regex::Regex& pattern = alphabet.patterns()[symbol];
      narrowest = std::min(narrowest, pattern.min_width + widths[to].first);
      widest = std::max(widest, pattern.max_width + widths[to].second);
    }
    widths[number] = {narrowest, widest};
  };
  for (std::size_t number = 1; number < nodes.size(); ++number) measure(number);
  measure(0);
  return widths[0];
}

}  // namespace

absl::StatusOr<std::vector<RedactionRule>> TermRules(const std::vector<std::string>& terms,
                                                     TermFolding folding) {
  TermAlphabet alphabet(folding);
  std::vector<TermSymbols> read;
  for (const std::string& term : terms) {
    TermSymbols symbols = alphabet.Read(term);
    if (!symbols.empty()) read.push_back(std::move(symbols));
  }
  if (read.empty()) return std::vector<RedactionRule>();
  const std::optional<TermGraph> made = TermGraph::Build(std::move(read), kMaxRuleSetStates);
  if (!made || CountStates(*made, alphabet.automata()) > kMaxRuleSetStates) {
    return absl::InvalidArgumentError(
        absl::StrCat("its ", terms.size(), " terms have too little in common: they need more than ",
                     kMaxRuleSetStates, " states of an automaton; give it fewer or shorter terms"));
  }
  const TermGraph& graph = *made;
  std::vector<RedactionRule> rules(1);
  rules[0].automaton =
      std::make_shared<const regex::Automaton>(BuildTermAutomaton(graph, alphabet.automata()));
  std::tie(rules[0].regex.min_width, rules[0].regex.max_width) = TermWidths(graph, alphabet);
  return rules;
}

}  // namespace countersign::text::redaction
