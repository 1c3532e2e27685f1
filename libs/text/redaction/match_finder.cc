#include "libs/text/redaction/match_finder.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "libs/text/unicode/word_edges.h"

namespace countersign::text::redaction {
namespace {

using RuleTraits = RedactionProgram::RuleTraits;

// Up to this many threads are compared pairwise instead of marked.
constexpr std::size_t kFew = 12;

// A set of states with a value each, cleared in constant time. Shared by all streams of a thread,
// so that a stream's own memory is small whatever the size of its automaton.
class StateMarks {
 public:
  void Restart(std::size_t states) {
    if (marks_.size() < states) marks_.resize(states);
    if (++generation_ == 0) {
      std::fill(marks_.begin(), marks_.end(), Mark{});
      generation_ = 1;
    }
  }
  // The index of the state in this round; `fresh` the first time.
  std::uint32_t Put(std::uint32_t state, std::uint32_t fresh) {
    Mark& mark = marks_[state];
    if (mark.generation != generation_) mark = {generation_, fresh};
    return mark.slot;
  }

 private:
  struct Mark {
    std::uint32_t generation = 0;
    std::uint32_t slot = 0;
  };
  std::vector<Mark> marks_;
  std::uint32_t generation_ = 0;
};

}  // namespace

struct MatchFinder::Scratch {
  StateMarks marks;
  std::vector<RedactionThread> next;
  std::vector<Candidate> candidates;
  std::vector<std::uint32_t> current, previous;
  std::vector<std::uint32_t> starts;
  std::vector<std::uint64_t> begins;
  ContextScratch context;
};

MatchFinder::Scratch& MatchFinder::LocalScratch() {
  static thread_local Scratch scratch;
  return scratch;
}

MatchFinder::MatchFinder(const RedactionProgram& program, TextWindow text, MatchState& state)
    : program_(program),
      text_(text),
      state_(state),
      scratch_(LocalScratch()),
      context_scratch_(scratch_.context) {}

void MatchFinder::Scan(std::uint64_t from, std::uint64_t to) {
  constexpr States kNone = {nullptr, nullptr};
  int before = text_.Before(from);
  for (std::uint64_t position = from; position < to; ++position) {
    const unsigned char byte = text_.At(position);
    const int left = Left(before, position);
    const std::size_t row = program_.before[left < 0 ? 256 : static_cast<std::size_t>(left)];
    const std::size_t cell = row * program_.classes + program_.byte_class[byte];
    before = byte;
    const std::uint8_t kinds = program_.start_kinds[cell];
    const std::uint16_t earlier = state_.prefix2;
    if (kinds == 0 && earlier == RedactionProgram::kNoPrefix2 && state_.threads.empty()) continue;
    if (state_.guarded) DecideGuarded(byte, position);

    const std::uint16_t prefix2 = program_.prefix2s[cell];
    const States seconds =
        earlier != RedactionProgram::kNoPrefix2 ? program_.Seconds(earlier, byte) : kNone;
    States starts = prefix2 != RedactionProgram::kNoPrefix2 ? kNone : program_.starts[cell];
    if (kinds > RedactionProgram::kPlainStart) {
      std::vector<std::uint32_t>& open = scratch_.starts;
      open.assign(starts.begin(), starts.end());
      CollectGated(cell, left, position, open);
      starts = {open.data(), open.data() + open.size()};
    }
    if (!state_.threads.empty() || !seconds.empty() || !starts.empty()) {
      Step(byte, seconds, starts, position);
    }
    state_.prefix2 = prefix2;
    state_.prefix2_start = static_cast<std::uint32_t>(position - state_.origin);
  }
  ReadTables(to);
}

std::uint64_t MatchFinder::ScanRule(std::uint32_t rule, std::uint64_t from, std::uint64_t upto) {
  const RuleTraits& traits = program_.traits[rule];
  const auto firsts = program_.firsts[rule];
  std::vector<std::uint32_t>& starts = scratch_.starts;
  int before = text_.Before(from);
  std::uint64_t position = from;
  for (; position < text_.end() && (position < upto || !state_.threads.empty()); ++position) {
    const unsigned char byte = text_.At(position);
    if (state_.guarded) DecideGuarded(byte, position);
    starts.clear();
    const int left = Left(before, position);
    if (traits.first_bytes.Contains(byte) && traits.MayFollow(left)) {
      for (const std::uint32_t state : firsts) {
        if (program_.Consumes(state, byte) &&
            program_.Allows(program_.states[state].begins, left)) {
          starts.push_back(state);
        }
      }
      const auto allowed = [&] {
        return ContextAllows(rule, position) || (InCell(position) && !Excluded(rule, position));
      };
      if (!starts.empty() && !allowed()) starts.clear();
    }
    before = byte;
    if (!starts.empty() || !state_.threads.empty()) {
      Step(byte, {nullptr, nullptr}, {starts.data(), starts.data() + starts.size()}, position);
    }
    upto = std::max(upto, state_.lists_until);  // the next item of a list may follow
  }
  return position;
}

int MatchFinder::LeftBeyondAscii(int byte, std::uint64_t position) const {
  constexpr std::uint64_t kFarthest = kContextReach;
  const std::uint64_t from = std::max(text_.base, position > kFarthest ? position - kFarthest : 0);
  return unicode::EndsInWord(text_.Slice(from, position)) ? byte : RedactionProgram::kNoWord;
}

void MatchFinder::Finish() {
  DecideGuarded(-1, text_.end());
  state_.threads.clear();
  state_.guarded = false;
  state_.prefix2 = RedactionProgram::kNoPrefix2;
}

// Decides matches that ended at `end` and depend on the next byte.
void MatchFinder::DecideGuarded(int next_byte, std::uint64_t end) {
  for (const RedactionThread& thread : state_.threads) {
    if ((program_.kinds[thread.state] & RedactionProgram::kWaits) == 0) continue;
    if (program_.Allows(program_.states[thread.state].ends, next_byte)) Accept(thread, end);
  }
  ConfirmCandidates(end);
}

void MatchFinder::Give(std::uint32_t rule, std::uint64_t begin, std::uint64_t end) {
  if (begin >= end) return;
  const Validator& validator = program_.rules[rule].validator;
  if (validator == nullptr || validator(text_.Slice(begin, end))) {
    AddMatch({begin, end, end, rule, false, false});
  }
}

void MatchFinder::Found(std::uint32_t rule, std::uint64_t begin, std::uint64_t end) {
  AddMatch({begin, end, end, rule, false, false});
  if (program_.traits[rule].proximity != RuleTraits::kNoProximity) RememberList(rule, begin, end);
}

template <typename Put>
void MatchFinder::PutNext(unsigned char byte, States seconds, States starts, std::uint64_t position,
                          const Put& put) {
  const std::uint64_t* const row = program_.SetRow(byte);
  for (const RedactionThread& thread : state_.threads) {
    for (const RedactionProgram::Transition& transition : program_.From(thread.state, byte)) {
      if (RedactionProgram::Holds(row, transition.set)) put(transition.state, thread.start);
    }
  }
  for (const std::uint32_t state : seconds) put(state, state_.prefix2_start);
  for (const std::uint32_t state : starts) {
    put(state, static_cast<std::uint32_t>(position - state_.origin));
  }
}

void MatchFinder::Step(unsigned char byte, States seconds, States starts, std::uint64_t position) {
  std::vector<RedactionThread>& threads = state_.threads;
  std::vector<RedactionThread>& next = scratch_.next;
  next.clear();
  const std::size_t sources = threads.size() + seconds.size() + starts.size();
  if (sources == 1 || sources == seconds.size() || sources == starts.size()) {  // no duplicates
    PutNext(byte, seconds, starts, position, [&](std::uint32_t state, std::uint32_t start) {
      next.push_back({state, start});
    });
  } else if (sources <= kFew) {
    PutNext(byte, seconds, starts, position, [&](std::uint32_t state, std::uint32_t start) {
      for (RedactionThread& thread : next) {
        if (thread.state != state) continue;
        thread.start = std::min(thread.start, start);
        return;
      }
      next.push_back({state, start});
    });
  } else {
    scratch_.marks.Restart(program_.states.size());
    PutNext(byte, seconds, starts, position, [&](std::uint32_t state, std::uint32_t start) {
      const auto fresh = static_cast<std::uint32_t>(next.size());
      const std::uint32_t slot = scratch_.marks.Put(state, fresh);
      if (slot == fresh) {
        next.push_back({state, start});
      } else {
        next[slot].start = std::min(next[slot].start, start);
      }
    });
  }

  unsigned kinds = 0;
  for (const RedactionThread& thread : next) kinds |= program_.kinds[thread.state];
  state_.guarded = (kinds & RedactionProgram::kWaits) != 0;
  if ((kinds & RedactionProgram::kAccepts) == 0) {
    threads.assign(next.begin(), next.end());
    return;
  }
  threads.clear();
  for (const RedactionThread& thread : next) {
    const unsigned kind = program_.kinds[thread.state];
    if ((kind & RedactionProgram::kAccepts) != 0) Accept(thread, position + 1);
    if (kind != RedactionProgram::kAccepts) threads.push_back(thread);
  }
  if (!scratch_.candidates.empty()) ConfirmCandidates(position + 1);
}

void MatchFinder::Accept(const RedactionThread& thread, std::uint64_t end) {
  const std::uint32_t rule = program_.states[thread.state].rule;
  const std::uint64_t start = state_.origin + thread.start;
  if (program_.traits[rule].validated) {
    scratch_.candidates.push_back({rule, thread.state, start});
  } else {
    Found(rule, start, end);
  }
}

void MatchFinder::ConfirmCandidates(std::uint64_t end) {
  std::vector<Candidate>& candidates = scratch_.candidates;
  std::sort(candidates.begin(), candidates.end(),
            [](const Candidate& a, const Candidate& b) { return a.rule < b.rule; });
  for (std::size_t i = 0; i < candidates.size();) {
    const std::uint32_t rule = candidates[i].rule;
    std::uint64_t lowest = candidates[i].start;
    scratch_.current.clear();
    for (; i < candidates.size() && candidates[i].rule == rule; ++i) {
      scratch_.current.push_back(candidates[i].state);
      lowest = std::min(lowest, candidates[i].start);
    }
    Confirm(rule, lowest, end);
  }
  candidates.clear();
}

// Adds the match with the leftmost start that the validator accepts. (Matches of the same rule with
// the same end and a later start lie within it.) A thread started at `lowest`, so everything except
// the validator is satisfied there. If the validator refuses it, the automaton runs backwards from
// the states in scratch_.current to find other starts.
void MatchFinder::Confirm(std::uint32_t rule, std::uint64_t lowest, std::uint64_t end) {
  const Validator& validator = program_.rules[rule].validator;
  if (validator(text_.Slice(lowest, end))) {
    return Found(rule, lowest, end);
  }
  const std::uint64_t first = FirstBegin(rule, lowest, end);
  if (first == end) return;
  FindBegins(first, end);
  std::vector<std::uint64_t>& begins = scratch_.begins;
  for (auto begin = begins.rbegin(); begin != begins.rend(); ++begin) {
    if (!validator(text_.Slice(*begin, end))) continue;
    if (!ContextAllows(rule, *begin)) continue;
    return Found(rule, *begin, end);
  }
}

// The first position after `lowest` at which a match of `rule` ending at `end` could start, judging
// by its first byte, the byte before and its length; `end` if there is none.
std::uint64_t MatchFinder::FirstBegin(std::uint32_t rule, std::uint64_t lowest,
                                      std::uint64_t end) const {
  const RuleTraits& traits = program_.traits[rule];
  for (std::uint64_t at = lowest + 1; at + traits.min_width <= end; ++at) {
    if (traits.first_bytes.Contains(text_.At(at)) && traits.MayFollow(Left(text_.At(at - 1), at))) {
      return at;
    }
  }
  return end;
}

// Runs the automaton backwards from scratch_.current at `end` down to `first`. Stores the starts of
// matches in scratch_.begins, last one first.
void MatchFinder::FindBegins(std::uint64_t first, std::uint64_t end) {
  std::vector<std::uint32_t>& current = scratch_.current;
  std::vector<std::uint32_t>& previous = scratch_.previous;
  scratch_.begins.clear();
  for (std::uint64_t position = end - 1; !current.empty(); --position) {
    const unsigned char byte = text_.At(position - 1);
    const int left = Left(byte, position);
    const bool begin = std::any_of(current.begin(), current.end(), [&](std::uint32_t state) {
      const auto allowed = program_.states[state].begins;
      return allowed != RedactionProgram::kNone && program_.Allows(allowed, left);
    });
    if (begin) scratch_.begins.push_back(position);
    if (position == first) break;
    previous.clear();
    for (const std::uint32_t state : current) {
      for (const std::uint32_t predecessor : program_.predecessors[state]) {
        if (program_.Consumes(predecessor, byte)) previous.push_back(predecessor);
      }
    }
    if (previous.size() > 1) RemoveDuplicates(previous);
    current.swap(previous);
  }
}

void MatchFinder::RemoveDuplicates(std::vector<std::uint32_t>& states) {
  scratch_.marks.Restart(program_.states.size());
  std::uint32_t kept = 0;
  for (const std::uint32_t state : states) {
    if (scratch_.marks.Put(state, kept) == kept) states[kept++] = state;
  }
  states.resize(kept);
}

bool MatchFinder::Leads(const RedactionProgram& program, const MatchCluster& a,
                        const MatchCluster& b) {
  if (a.begin != b.begin) return a.begin < b.begin;
  if (a.lead_end != b.lead_end) return a.lead_end > b.lead_end;
  const int a_priority = program.rules[a.rule].priority;
  const int b_priority = program.rules[b.rule].priority;
  return a_priority != b_priority ? a_priority > b_priority : a.rule < b.rule;
}

// Ends of the rules' own matches increase, so one affects only the last clusters. A given match may
// stand before them.
void MatchFinder::AddMatch(MatchCluster match) {
  std::vector<MatchCluster>& clusters = state_.clusters;
  if (clusters.empty() || clusters.back().end <= match.begin) return clusters.push_back(match);
  auto last = clusters.end();
  while (last != clusters.begin() && std::prev(last)->begin >= match.end) --last;
  auto first = last;
  while (first != clusters.begin() && std::prev(first)->end > match.begin) {
    const MatchCluster& other = *--first;
    MatchCluster joined = other.committed || Leads(program_, other, match) ? other : match;
    joined.begin = std::min(other.begin, match.begin);
    joined.end = std::max(other.end, match.end);
    joined.mixed = other.mixed || match.mixed || !program_.CountAsOne(other.rule, match.rule);
    joined.committed = other.committed;
    match = joined;
  }
  clusters.insert(clusters.erase(first, last), match);
}

}  // namespace countersign::text::redaction
