#include "libs/text/redaction.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/text/redaction_program.h"

namespace countersign::text {
namespace {

// Held text is compared with its limit at every such offset of the input, so that whether a stream
// fails does not depend on its pieces.
constexpr std::uint64_t kCheckInterval = 256;
static_assert((kCheckInterval & (kCheckInterval - 1)) == 0);

// A set of states with a value each, emptied in constant time. Shared by all streams of a thread:
// a stream's own memory then stays small, whatever the size of its automaton.
class StateMarks {
 public:
  void Restart(std::size_t states) {
    if (marks_.size() < states) marks_.resize(states);
    if (++generation_ == 0) {
      std::fill(marks_.begin(), marks_.end(), Mark{});
      generation_ = 1;
    }
  }
  // Where the state was put in this round; `fresh` the first time.
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

// One Feed. Positions are offsets into the whole input.
class RedactionStream::Run {
 public:
  Run(RedactionStream& stream, std::string* released, std::vector<RedactedSpan>* spans)
      : stream_(stream), program_(stream.rules_->program()), released_(*released), spans_(*spans) {}

  absl::Status Scan(std::uint64_t from);
  void Finish();
  void Release();

 private:
  // A state of a validated rule that accepts at the current position.
  struct Candidate {
    std::uint32_t rule;
    std::uint32_t state;
    std::uint64_t start;
  };
  struct Scratch {
    StateMarks marks;
    std::vector<Thread> next;
    std::vector<Candidate> candidates;
    std::vector<std::uint32_t> current, previous;
    std::vector<std::uint64_t> starts;
  };
  static Scratch& LocalScratch() {
    static thread_local Scratch scratch;
    return scratch;
  }

  int ByteBefore(std::uint64_t position) const {
    if (position == stream_.base_) return stream_.before_base_;
    return static_cast<unsigned char>(stream_.buffer_[position - 1 - stream_.base_]);
  }
  unsigned char ByteAt(std::uint64_t position) const {
    return static_cast<unsigned char>(stream_.buffer_[position - stream_.base_]);
  }

  void DecideGuarded(int next_byte, std::uint64_t end);
  void Step(unsigned char byte, RedactionProgram::Span<std::uint32_t> starts,
            std::uint64_t position);
  void Accept(const Thread& thread, std::uint64_t end);
  void ConfirmCandidates(std::uint64_t end);
  void Confirm(std::uint32_t rule, std::uint64_t lowest, std::uint64_t end);
  void AddMatch(Cluster match);
  bool Leads(const Cluster& a, const Cluster& b) const;
  bool Decided(const Cluster& cluster) const;
  void EmitClear(std::uint64_t to);
  void EmitCluster(const Cluster& cluster, bool continued);

  RedactionStream& stream_;
  const RedactionProgram& program_;
  std::string& released_;
  std::vector<RedactedSpan>& spans_;
  Scratch& scratch_ = LocalScratch();
};

absl::Status RedactionStream::Run::Scan(std::uint64_t from) {
  const std::uint64_t end = stream_.base_ + stream_.buffer_.size();
  int before = ByteBefore(from);
  for (std::uint64_t position = from; position < end; ++position) {
    const unsigned char byte = ByteAt(position);
    const std::size_t row = program_.before[before < 0 ? 256 : static_cast<std::size_t>(before)];
    const auto starts = program_.starts[row * program_.classes + program_.byte_class[byte]];
    before = byte;
    if (stream_.threads_.empty() && starts.empty()) continue;
    if (stream_.guarded_) DecideGuarded(byte, position);
    Step(byte, starts, position);
    stream_.position_ = position + 1;
    if ((stream_.position_ & (kCheckInterval - 1)) == 0 &&
        stream_.held() > program_.limits.max_held_bytes) {
      Release();
      if (stream_.held() > program_.limits.max_held_bytes) {
        return WithReason(absl::ResourceExhaustedError(
                              absl::StrCat("more than ", program_.limits.max_held_bytes,
                                           " bytes would have to be held back by a masking rule")),
                          "masking_limit");
      }
    }
  }
  stream_.position_ = end;
  return absl::OkStatus();
}

// Matches that ended at `end` and waited for the byte after them.
void RedactionStream::Run::DecideGuarded(int next_byte, std::uint64_t end) {
  for (const Thread& thread : stream_.threads_) {
    const auto ends = program_.states[thread.state].ends;
    if (ends > RedactionProgram::kAnything && program_.Allows(ends, next_byte)) {
      Accept(thread, end);
    }
  }
  ConfirmCandidates(end);
}

void RedactionStream::Run::Step(unsigned char byte, RedactionProgram::Span<std::uint32_t> starts,
                                std::uint64_t position) {
  std::vector<Thread>& threads = stream_.threads_;
  std::vector<Thread>& next = scratch_.next;
  next.clear();
  // One thread alone leads to each state once.
  const bool may_meet = threads.size() > 1 || (threads.size() == 1 && !starts.empty());
  if (may_meet) scratch_.marks.Restart(program_.states.size());
  const auto put = [&](std::uint32_t state, std::uint64_t start) {
    const auto fresh = static_cast<std::uint32_t>(next.size());
    const std::uint32_t slot = may_meet ? scratch_.marks.Put(state, fresh) : fresh;
    if (slot == fresh) {
      next.push_back({state, start});
    } else {
      next[slot].start = std::min(next[slot].start, start);
    }
  };
  for (const Thread& thread : threads) {
    for (const RedactionProgram::Transition& transition : program_.From(thread.state)) {
      if (program_.sets[transition.set].Contains(byte)) put(transition.state, thread.start);
    }
  }
  for (const std::uint32_t state : starts) put(state, position);

  threads.clear();
  stream_.guarded_ = false;
  for (const Thread& thread : next) {
    const auto ends = program_.states[thread.state].ends;
    if (ends == RedactionProgram::kAnything) Accept(thread, position + 1);
    const bool waits = ends > RedactionProgram::kAnything;
    stream_.guarded_ = stream_.guarded_ || waits;
    if (waits || !program_.From(thread.state).empty()) threads.push_back(thread);
  }
  if (!scratch_.candidates.empty()) ConfirmCandidates(position + 1);
}

void RedactionStream::Run::Accept(const Thread& thread, std::uint64_t end) {
  const std::uint32_t rule = program_.states[thread.state].rule;
  if (program_.rules[rule].validator != nullptr) {
    scratch_.candidates.push_back({rule, thread.state, thread.start});
  } else {
    AddMatch({thread.start, end, end, rule, false, false});
  }
}

void RedactionStream::Run::ConfirmCandidates(std::uint64_t end) {
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

// Runs the automaton backwards from the states in scratch_.current, collects every start that leads
// to them, and adds the match with the leftmost start that the validator accepts. (Matches of the
// same rule with the same end and a later start lie within it.)
void RedactionStream::Run::Confirm(std::uint32_t rule, std::uint64_t lowest, std::uint64_t end) {
  std::vector<std::uint32_t>& current = scratch_.current;
  std::vector<std::uint64_t>& starts = scratch_.starts;
  starts.clear();
  for (std::uint64_t position = end - 1; !current.empty(); --position) {
    const bool begins = std::any_of(current.begin(), current.end(), [&](std::uint32_t state) {
      const auto allowed = program_.states[state].begins;
      return allowed != RedactionProgram::kNone && program_.Allows(allowed, ByteBefore(position));
    });
    if (begins) starts.push_back(position);
    if (position == lowest) break;
    const unsigned char byte = ByteAt(position - 1);
    std::vector<std::uint32_t>& previous = scratch_.previous;
    previous.clear();
    scratch_.marks.Restart(program_.states.size());
    for (const std::uint32_t state : current) {
      for (const std::uint32_t leader : program_.leaders[state]) {
        if (!program_.Consumes(leader, byte)) continue;
        const auto fresh = static_cast<std::uint32_t>(previous.size());
        if (scratch_.marks.Put(leader, fresh) == fresh) previous.push_back(leader);
      }
    }
    current.swap(previous);
  }
  for (auto start = starts.rbegin(); start != starts.rend(); ++start) {
    const absl::string_view match =
        absl::string_view(stream_.buffer_).substr(*start - stream_.base_, end - *start);
    if (program_.rules[rule].validator(match)) {
      return AddMatch({*start, end, end, rule, false, false});
    }
  }
}

// True when `a` rather than `b` decides what replaces both.
bool RedactionStream::Run::Leads(const Cluster& a, const Cluster& b) const {
  if (a.begin != b.begin) return a.begin < b.begin;
  if (a.lead_end != b.lead_end) return a.lead_end > b.lead_end;
  const int a_priority = program_.rules[a.rule].priority;
  const int b_priority = program_.rules[b.rule].priority;
  return a_priority != b_priority ? a_priority > b_priority : a.rule < b.rule;
}

// Matches come with growing ends, so a new one touches only the last clusters.
void RedactionStream::Run::AddMatch(Cluster match) {
  std::vector<Cluster>& clusters = stream_.clusters_;
  while (!clusters.empty() && clusters.back().end > match.begin) {
    const Cluster& other = clusters.back();
    Cluster joined = other.committed || Leads(other, match) ? other : match;
    joined.begin = std::min(other.begin, match.begin);
    joined.end = std::max(other.end, match.end);
    joined.mixed = other.mixed || match.mixed || other.rule != match.rule;
    joined.committed = other.committed;
    match = joined;
    clusters.pop_back();
  }
  clusters.push_back(match);
}

void RedactionStream::Run::Finish() {
  DecideGuarded(-1, stream_.position_);
  stream_.threads_.clear();
}

// True when no continuation of the text can change what replaces `cluster`.
bool RedactionStream::Run::Decided(const Cluster& cluster) const {
  if (program_.rules[cluster.rule].rewrite) return false;
  return std::all_of(stream_.threads_.begin(), stream_.threads_.end(), [&](const Thread& thread) {
    return thread.start > cluster.begin ||
           (thread.start == cluster.begin && program_.states[thread.state].rule == cluster.rule);
  });
}

void RedactionStream::Run::EmitClear(std::uint64_t to) {
  if (to <= stream_.emitted_) return;
  released_.append(stream_.buffer_, stream_.emitted_ - stream_.base_, to - stream_.emitted_);
  stream_.emitted_ = to;
}

void RedactionStream::Run::EmitCluster(const Cluster& cluster, bool continued) {
  if (continued && cluster.end == stream_.emitted_) return;
  const RedactionRule& rule = program_.rules[cluster.rule];
  RedactedSpan span;
  span.input_begin = stream_.emitted_;
  span.input_end = cluster.end;
  span.entity = rule.entity;
  span.original =
      stream_.buffer_.substr(stream_.emitted_ - stream_.base_, cluster.end - stream_.emitted_);
  span.continued = continued;
  span.begin = released_.size();
  if (!continued) {
    if (!rule.rewrite) {
      released_ += rule.replacement;
    } else {
      released_ += cluster.mixed ? rule.mixed_replacement : rule.rewrite(span.original);
    }
  }
  span.end = released_.size();
  spans_.push_back(std::move(span));
  stream_.emitted_ = cluster.end;
}

// Lets go of everything that no continuation can change.
void RedactionStream::Run::Release() {
  std::uint64_t hold = stream_.position_;
  for (const Thread& thread : stream_.threads_) hold = std::min(hold, thread.start);
  std::vector<Cluster>& clusters = stream_.clusters_;
  std::size_t done = 0;
  for (; done < clusters.size(); ++done) {
    Cluster& cluster = clusters[done];
    if (cluster.end > hold) break;
    EmitClear(cluster.begin);
    EmitCluster(cluster, cluster.committed);
  }
  clusters.erase(clusters.begin(), clusters.begin() + static_cast<std::ptrdiff_t>(done));
  if (clusters.empty()) return EmitClear(hold);

  Cluster& open = clusters.front();
  if (open.committed) return EmitCluster(open, true);
  EmitClear(std::min(hold, open.begin));
  const bool long_enough = open.end - open.begin > program_.limits.early_commit_bytes;
  if (long_enough && stream_.emitted_ == open.begin && Decided(open)) {
    EmitCluster(open, false);
    open.committed = true;
  }
}

RedactionStream::RedactionStream(std::shared_ptr<const RuleSet> rules) : rules_(std::move(rules)) {}

absl::Status RedactionStream::Feed(absl::string_view text, bool end, std::string* released,
                                   std::vector<RedactedSpan>* spans) {
  CS_RETURN_IF_ERROR(failed_);
  if (ended_) {
    failed_ = absl::FailedPreconditionError("a redaction stream was fed after its end");
    return failed_;
  }
  const std::size_t released_before = released->size();
  const std::size_t spans_before = spans->size();
  buffer_.append(text.data(), text.size());
  Run run(*this, released, spans);
  failed_ = run.Scan(position_);
  if (!failed_.ok()) {
    released->resize(released_before);
    spans->resize(spans_before);
    *this = RedactionStream(std::move(rules_), std::move(failed_));
    return failed_;
  }
  if (end) run.Finish();
  run.Release();
  ended_ = end;
  DropReleased();
  return absl::OkStatus();
}

RedactionStream::RedactionStream(std::shared_ptr<const RuleSet> rules, absl::Status failed)
    : rules_(std::move(rules)), failed_(std::move(failed)) {}

// Keeps what is held, and what a validator may still want to see.
void RedactionStream::DropReleased() {
  std::uint64_t keep = emitted_;
  const RedactionProgram& program = rules_->program();
  for (const Thread& thread : threads_) {
    const RedactionRule& rule = program.rules[program.states[thread.state].rule];
    if (rule.validator != nullptr) keep = std::min(keep, thread.start);
  }
  if (keep == base_) return;
  before_base_ = static_cast<unsigned char>(buffer_[keep - 1 - base_]);
  buffer_.erase(0, keep - base_);
  base_ = keep;
  if (buffer_.capacity() > 4096 && buffer_.size() < buffer_.capacity() / 4) buffer_.shrink_to_fit();
}

std::size_t RedactionStream::memory_bytes() const {
  return sizeof(*this) + buffer_.capacity() + threads_.capacity() * sizeof(Thread) +
         clusters_.capacity() * sizeof(Cluster);
}

void JoinContinued(std::vector<RedactedSpan>& spans) {
  std::vector<RedactedSpan> joined;
  for (RedactedSpan& span : spans) {
    if (span.continued && !joined.empty()) {
      joined.back().original += span.original;
      joined.back().input_end = span.input_end;
    } else {
      joined.push_back(std::move(span));
    }
  }
  spans = std::move(joined);
}

absl::StatusOr<Redacted> RedactWhole(std::shared_ptr<const RuleSet> rules, absl::string_view text) {
  Redacted redacted;
  RedactionStream stream(std::move(rules));
  CS_RETURN_IF_ERROR(stream.Feed(text, true, &redacted.text, &redacted.spans));
  JoinContinued(redacted.spans);
  return redacted;
}

}  // namespace countersign::text
