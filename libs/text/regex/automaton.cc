#include "libs/text/regex/automaton.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace countersign::text::regex {
namespace {

// The conditions on a position between two bytes: bit 0 allows a word boundary, bit 1 another
// position.
using Gap = unsigned char;
constexpr Gap kNowhere = 0;
constexpr Gap kAtEdge = 1;
constexpr Gap kOffEdge = 2;
constexpr Gap kAnywhere = 3;

struct Link {
  std::uint32_t state;
  Gap gap;
};

// A part of the pattern: where it can start and end, and at which positions it can be empty.
struct Fragment {
  Gap empty = kAnywhere;
  std::vector<Link> first;
  std::vector<Link> last;
};

bool UsesWordEdges(const RegexNode& node) {
  if (node.kind == RegexNode::Kind::kWordEdge || node.kind == RegexNode::Kind::kNotWordEdge) {
    return true;
  }
  return std::any_of(node.children.begin(), node.children.end(), UsesWordEdges);
}

class Builder {
 public:
  explicit Builder(bool uses_word_edges) : uses_word_edges_(uses_word_edges) {}

  Fragment Build(const RegexNode& node) {
    switch (node.kind) {
      case RegexNode::Kind::kEmpty: return {};
      case RegexNode::Kind::kWordEdge: return {.empty = kAtEdge};
      case RegexNode::Kind::kNotWordEdge: return {.empty = kOffEdge};
      case RegexNode::Kind::kBytes: return Leaf(node.bytes);
      case RegexNode::Kind::kConcat: {
        Fragment whole;
        for (const RegexNode& child : node.children) whole = Concat(std::move(whole), Build(child));
        return whole;
      }
      case RegexNode::Kind::kAlternate: {
        Fragment any{.empty = kNowhere};
        for (const RegexNode& child : node.children) any = Either(std::move(any), Build(child));
        return any;
      }
      case RegexNode::Kind::kRepeat: return Repeat(node);
    }
    return {};
  }

  // The limit was exceeded; the result is incomplete.
  bool overflow() const { return overflow_; }

  std::vector<ByteSet> bytes;
  std::vector<std::vector<Link>> followers;

 private:
  Fragment Leaf(const ByteSet& set) {
    Fragment leaf{.empty = kNowhere};
    if (uses_word_edges_) {  // Then each state is split into word bytes and others.
      AddState(set & ByteSet::Word(), leaf);
      AddState(set & ~ByteSet::Word(), leaf);
    } else {
      AddState(set, leaf);
    }
    return leaf;
  }

  void AddState(const ByteSet& set, Fragment& leaf) {
    if (set.Empty() || overflow_) return;
    const auto state = static_cast<std::uint32_t>(bytes.size());
    bytes.push_back(set);
    followers.emplace_back();
    leaf.first.push_back({state, kAnywhere});
    leaf.last.push_back({state, kAnywhere});
  }

  void Connect(const std::vector<Link>& from, const std::vector<Link>& to) {
    for (const Link& a : from) {
      for (const Link& b : to) {
        if ((a.gap & b.gap) == kNowhere) continue;
        if (++transitions_ > Automaton::kMaxTransitions) overflow_ = true;
        if (overflow_) return;
        followers[a.state].push_back({b.state, static_cast<Gap>(a.gap & b.gap)});
      }
    }
  }

  static void Append(std::vector<Link>& to, const std::vector<Link>& links, Gap gap) {
    for (const Link& link : links) {
      if ((link.gap & gap) != kNowhere) {
        to.push_back({link.state, static_cast<Gap>(link.gap & gap)});
      }
    }
  }

  Fragment Concat(Fragment a, Fragment b) {
    Connect(a.last, b.first);
    Append(a.first, b.first, a.empty);
    Append(b.last, a.last, b.empty);
    return {static_cast<Gap>(a.empty & b.empty), std::move(a.first), std::move(b.last)};
  }

  static Fragment Either(Fragment a, const Fragment& b) {
    a.empty |= b.empty;
    Append(a.first, b.first, kAnywhere);
    Append(a.last, b.last, kAnywhere);
    return a;
  }

  Fragment Repeat(const RegexNode& node) {
    const RegexNode& body = node.children[0];
    Fragment whole;
    const bool loops = node.max == kUnbounded;
    const std::size_t required = loops && node.min > 0 ? node.min - 1 : node.min;
    for (std::size_t i = 0; i < required && !overflow_; ++i) {
      whole = Concat(std::move(whole), Build(body));
    }
    Fragment tail;
    if (loops) {
      tail = Build(body);
      Connect(tail.last, tail.first);
      if (node.min == 0) tail.empty = kAnywhere;
    } else {
      // x{0,3} becomes (x(x(x)?)?)? and not x?x?x?: the same language with fewer transitions.
      for (std::size_t i = node.min; i < node.max && !overflow_; ++i) {
        tail = Concat(Build(body), std::move(tail));
        tail.empty = kAnywhere;
      }
    }
    return Concat(std::move(whole), std::move(tail));
  }

  const bool uses_word_edges_;
  bool overflow_ = false;
  std::size_t transitions_ = 0;
};

// The allowed bytes across a position from a word byte, or from another byte.
Neighbour Across(Gap gap, bool word) {
  if (gap == kAnywhere) return {};
  // The edge of the text counts as a non-word byte.
  const bool other_is_word = (gap == kAtEdge) != word;
  return other_is_word ? Neighbour{ByteSet::Word(), false} : Neighbour{~ByteSet::Word(), true};
}

bool IsWord(const ByteSet& set) { return !(set & ByteSet::Word()).Empty(); }

// Joins links to one state under different conditions.
std::vector<Link> Joined(std::vector<Link> links) {
  std::sort(links.begin(), links.end(),
            [](const Link& a, const Link& b) { return a.state < b.state; });
  std::vector<Link> joined;
  for (const Link& link : links) {
    if (!joined.empty() && joined.back().state == link.state) {
      joined.back().gap |= link.gap;
    } else {
      joined.push_back(link);
    }
  }
  return joined;
}

std::vector<std::vector<std::uint32_t>> ResolveGaps(const Builder& builder) {
  std::vector<std::vector<std::uint32_t>> followers(builder.bytes.size());
  for (std::size_t state = 0; state < followers.size(); ++state) {
    for (const Link& link : Joined(builder.followers[state])) {
      const bool edge = IsWord(builder.bytes[state]) != IsWord(builder.bytes[link.state]);
      if (link.gap == kAnywhere || (link.gap & (edge ? kAtEdge : kOffEdge)) != 0) {
        followers[state].push_back(link.state);
      }
    }
  }
  return followers;
}

std::vector<bool> Reachable(const std::vector<Link>& from,
                            const std::vector<std::vector<std::uint32_t>>& next) {
  std::vector<bool> seen(next.size(), false);
  std::vector<std::uint32_t> todo;
  const auto visit = [&](std::uint32_t state) {
    if (!seen[state]) todo.push_back(state);
    seen[state] = true;
  };
  for (const Link& link : from) visit(link.state);
  while (!todo.empty()) {
    const std::uint32_t state = todo.back();
    todo.pop_back();
    for (const std::uint32_t follower : next[state]) visit(follower);
  }
  return seen;
}

}  // namespace

absl::StatusOr<Automaton> BuildAutomaton(const Regex& regex) {
  if (regex.min_width == 0) {
    return absl::InvalidArgumentError("the pattern matches the empty text");
  }
  Builder builder(UsesWordEdges(regex.root));
  const Fragment whole = builder.Build(regex.root);
  if (builder.overflow()) {
    return absl::InvalidArgumentError("the pattern expands to too many transitions");
  }
  const auto followers = ResolveGaps(builder);
  std::vector<std::vector<std::uint32_t>> leaders(followers.size());
  for (std::uint32_t state = 0; state < followers.size(); ++state) {
    for (const std::uint32_t follower : followers[state]) leaders[follower].push_back(state);
  }
  const std::vector<bool> from_start = Reachable(whole.first, followers);
  const std::vector<bool> to_end = Reachable(whole.last, leaders);

  // Keeps only states between a first and a last one.
  constexpr std::uint32_t kDropped = 0xFFFFFFFF;
  std::vector<std::uint32_t> renumbered(followers.size(), kDropped);
  Automaton automaton;
  for (std::uint32_t state = 0; state < followers.size(); ++state) {
    if (!from_start[state] || !to_end[state]) continue;
    renumbered[state] = static_cast<std::uint32_t>(automaton.bytes.size());
    automaton.bytes.push_back(builder.bytes[state]);
  }
  automaton.followers.resize(automaton.bytes.size());
  for (std::uint32_t state = 0; state < followers.size(); ++state) {
    if (renumbered[state] == kDropped) continue;
    for (const std::uint32_t follower : followers[state]) {
      if (renumbered[follower] != kDropped) {
        automaton.followers[renumbered[state]].push_back(renumbered[follower]);
      }
    }
  }
  const auto edges = [&](const std::vector<Link>& links) {
    std::vector<Automaton::Edge> kept;
    for (const Link& link : Joined(links)) {
      if (renumbered[link.state] == kDropped) continue;
      kept.push_back({renumbered[link.state], Across(link.gap, IsWord(builder.bytes[link.state]))});
    }
    return kept;
  };
  automaton.first = edges(whole.first);
  automaton.last = edges(whole.last);
  if (automaton.first.empty() || automaton.last.empty()) {
    return absl::InvalidArgumentError("the pattern can never match");
  }
  return automaton;
}

}  // namespace countersign::text::regex
