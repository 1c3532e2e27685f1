#include "libs/text/redaction/term_automaton.h"

#include <algorithm>
#include <cstddef>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"

namespace countersign::text::redaction {

class TermGraph::Builder {
 public:
  // REQUIRES: terms are added in order, without duplicates.
  void Add(const TermSymbols& term) {
    std::size_t same = 0;
    while (same < term.size() && same < last_.size() && term[same] == last_[same]) ++same;
    Settle(same);
    for (std::size_t i = same; i < term.size(); ++i) {
      path_.back().next.emplace_back(term[i], 0);
      path_.emplace_back();
    }
    path_.back().complete = true;
    last_ = term;
  }

  std::size_t settled() const { return nodes_.size(); }

  std::vector<Node> Finish() {
    Settle(0);
    nodes_[0] = std::move(path_[0]);
    return std::move(nodes_);
  }

 private:
  using Next = decltype(Node::next);

  // Nothing is added any more below the node at `depth` of the last term's path.
  void Settle(std::size_t depth) {
    while (path_.size() > depth + 1) {
      Node node = std::move(path_.back());
      path_.pop_back();
      auto key = std::make_pair(node.complete, node.next);
      const auto [same, added] =
          numbers_.try_emplace(std::move(key), static_cast<std::uint32_t>(nodes_.size()));
      if (added) nodes_.push_back(std::move(node));
      path_.back().next.back().second = same->second;
    }
  }

  TermSymbols last_;
  std::vector<Node> path_ = std::vector<Node>(1);   // of the last term, from the root
  std::vector<Node> nodes_ = std::vector<Node>(1);  // final, except for the first
  absl::flat_hash_map<std::pair<bool, Next>, std::uint32_t> numbers_;
};

std::optional<TermGraph> TermGraph::Build(std::vector<TermSymbols> terms, std::size_t most) {
  std::sort(terms.begin(), terms.end());
  Builder builder;
  for (const TermSymbols& term : terms) {
    builder.Add(term);
    if (builder.settled() > most) return std::nullopt;
  }
  TermGraph graph;
  graph.nodes_ = builder.Finish();
  return graph;
}

namespace {

bool IsWord(const regex::ByteSet& bytes) { return (bytes & ~regex::ByteSet::Word()).Empty(); }

// The allowed neighbour of a match whose edge is one of `bytes`.
regex::Neighbour Beside(const regex::ByteSet& bytes) {
  regex::Neighbour neighbour;
  if (IsWord(bytes)) neighbour.bytes = ~regex::ByteSet::Word();
  return neighbour;
}

// The states of a symbol exist once per node that the symbol leads to.
class Expansion {
 public:
  Expansion(const TermGraph& graph, const std::vector<regex::Automaton>& symbols)
      : graph_(graph), symbols_(symbols) {}

  regex::Automaton Make() {
    for (const TermGraph::Node& node : graph_.nodes()) {
      for (const auto& [symbol, to] : node.next) Place(symbol, to);
    }
    for (const auto& [place, base] : places_) {
      const auto& [symbol, node] = place;
      for (const regex::Automaton::Edge& end : symbols_[symbol].last) Leave(base + end.state, node);
    }
    for (std::vector<std::uint32_t>& followers : automaton_.followers) {
      std::sort(followers.begin(), followers.end());
    }
    EachBeginning(0, [this](std::uint32_t state) {
      automaton_.first.push_back({state, Beside(automaton_.bytes[state])});
    });
    const auto by_state = [](const auto& a, const auto& b) { return a.state < b.state; };
    std::sort(automaton_.first.begin(), automaton_.first.end(), by_state);
    std::sort(automaton_.last.begin(), automaton_.last.end(), by_state);
    return std::move(automaton_);
  }

 private:
  void Place(std::uint32_t symbol, std::uint32_t node) {
    const auto base = static_cast<std::uint32_t>(automaton_.bytes.size());
    if (!places_.try_emplace({symbol, node}, base).second) return;
    const regex::Automaton& own = symbols_[symbol];
    automaton_.bytes.insert(automaton_.bytes.end(), own.bytes.begin(), own.bytes.end());
    for (const std::vector<std::uint32_t>& followers : own.followers) {
      std::vector<std::uint32_t>& placed = automaton_.followers.emplace_back();
      for (const std::uint32_t follower : followers) placed.push_back(base + follower);
    }
  }

  // `state` is the last one of a symbol that leads to `node`.
  void Leave(std::uint32_t state, std::uint32_t node) {
    if (graph_.nodes()[node].complete) {
      automaton_.last.push_back({state, Beside(automaton_.bytes[state])});
    }
    EachBeginning(node, [&](std::uint32_t next) { automaton_.followers[state].push_back(next); });
  }

  template <typename Use>
  void EachBeginning(std::uint32_t node, const Use& use) const {
    for (const auto& [symbol, to] : graph_.nodes()[node].next) {
      const std::uint32_t base = places_.at({symbol, to});
      for (const regex::Automaton::Edge& begin : symbols_[symbol].first) use(base + begin.state);
    }
  }

  const TermGraph& graph_;
  const std::vector<regex::Automaton>& symbols_;
  absl::flat_hash_map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> places_;
  regex::Automaton automaton_;
};

}  // namespace

std::size_t CountStates(const TermGraph& graph, const std::vector<regex::Automaton>& symbols) {
  absl::flat_hash_set<std::pair<std::uint32_t, std::uint32_t>> places;
  std::size_t states = 0;
  for (const TermGraph::Node& node : graph.nodes()) {
    for (const auto& place : node.next) {
      if (places.insert(place).second) states += symbols[place.first].bytes.size();
    }
  }
  return states;
}

regex::Automaton BuildTermAutomaton(const TermGraph& graph,
                                    const std::vector<regex::Automaton>& symbols) {
  return Expansion(graph, symbols).Make();
}

}  // namespace countersign::text::redaction
