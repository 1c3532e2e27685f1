#include "libs/text/regex/regex_span.h"

#include <algorithm>
#include <utility>

#include "libs/base/status.h"

namespace countersign::text::regex {
namespace {

// A set of states that is cleared in constant time.
class StateSet {
 public:
  explicit StateSet(std::size_t states) : round_of_(states, 0) {}

  void Clear() {
    ++round_;
    members_.clear();
  }
  void Add(std::uint32_t state) {
    if (round_of_[state] == round_) return;
    round_of_[state] = round_;
    members_.push_back(state);
  }
  const std::vector<std::uint32_t>& members() const { return members_; }

 private:
  std::vector<std::uint32_t> round_of_;
  std::uint32_t round_ = 1;
  std::vector<std::uint32_t> members_;
};

bool Accepts(const Neighbour& neighbour, absl::string_view text, std::size_t at, bool exists) {
  return exists ? neighbour.bytes.Contains(static_cast<unsigned char>(text[at])) : neighbour.edge;
}
bool AcceptsBefore(const Neighbour& neighbour, absl::string_view text, std::size_t pos) {
  return Accepts(neighbour, text, pos - 1, pos > 0);
}
bool AcceptsAfter(const Neighbour& neighbour, absl::string_view text, std::size_t pos) {
  return Accepts(neighbour, text, pos, pos < text.size());
}

bool AnyEdge(const std::vector<Automaton::Edge>& edges, std::uint32_t state,
             bool (*accepts)(const Neighbour&, absl::string_view, std::size_t),
             absl::string_view text, std::size_t pos) {
  return std::any_of(edges.begin(), edges.end(), [&](const Automaton::Edge& edge) {
    return edge.state == state && accepts(edge.neighbour, text, pos);
  });
}

}  // namespace

absl::StatusOr<RegexSpanFinder> RegexSpanFinder::Create(absl::string_view pattern) {
  CS_ASSIGN_OR_RETURN(const Regex regex, ParseRegex(pattern));
  CS_ASSIGN_OR_RETURN(Automaton automaton, BuildAutomaton(regex));
  return RegexSpanFinder(std::move(automaton));
}

RegexSpanFinder::RegexSpanFinder(Automaton automaton)
    : automaton_(std::move(automaton)), predecessors_(automaton_.followers.size()) {
  for (std::uint32_t state = 0; state < automaton_.followers.size(); ++state) {
    for (const std::uint32_t next : automaton_.followers[state]) {
      predecessors_[next].push_back(state);
    }
  }
}

RegexSpan RegexSpanFinder::At(absl::string_view text, std::size_t end) const {
  const std::size_t begin = FirstBegin(text, end);
  return {begin, std::max(end, LastEnd(text, begin))};
}

std::size_t RegexSpanFinder::FirstBegin(absl::string_view text, std::size_t end) const {
  StateSet now(predecessors_.size());
  StateSet next(predecessors_.size());
  for (const auto& edge : automaton_.last) {
    if (AcceptsAfter(edge.neighbour, text, end)) now.Add(edge.state);
  }
  std::size_t begin = end;
  std::size_t stop = end > kMaxReach ? end - kMaxReach : 0;
  while (stop < end && (static_cast<unsigned char>(text[stop]) & 0xc0) == 0x80) ++stop;
  for (std::size_t pos = end; pos > stop && !now.members().empty(); --pos) {
    next.Clear();
    for (const std::uint32_t state : now.members()) {
      if (!automaton_.bytes[state].Contains(static_cast<unsigned char>(text[pos - 1]))) continue;
      if (begin != pos - 1 && AnyEdge(automaton_.first, state, AcceptsBefore, text, pos - 1)) {
        begin = pos - 1;
      }
      for (const std::uint32_t before : predecessors_[state]) next.Add(before);
    }
    std::swap(now, next);
  }
  return begin != end ? begin : stop;
}

std::size_t RegexSpanFinder::LastEnd(absl::string_view text, std::size_t begin) const {
  StateSet now(predecessors_.size());
  StateSet next(predecessors_.size());
  for (const auto& edge : automaton_.first) {
    if (AcceptsBefore(edge.neighbour, text, begin)) now.Add(edge.state);
  }
  std::size_t end = begin;
  const std::size_t stop = std::min(text.size(), begin + kMaxReach);
  for (std::size_t pos = begin; pos < stop && !now.members().empty(); ++pos) {
    next.Clear();
    for (const std::uint32_t state : now.members()) {
      if (!automaton_.bytes[state].Contains(static_cast<unsigned char>(text[pos]))) continue;
      if (end != pos + 1 && AnyEdge(automaton_.last, state, AcceptsAfter, text, pos + 1)) {
        end = pos + 1;
      }
      for (const std::uint32_t after : automaton_.followers[state]) next.Add(after);
    }
    std::swap(now, next);
  }
  return end;
}

}  // namespace countersign::text::regex
