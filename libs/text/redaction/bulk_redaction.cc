#include "libs/text/redaction/bulk_redaction.h"

#include <algorithm>
#include <bitset>
#include <utility>

#include "libs/base/status.h"
#include "libs/text/redaction/match_finder.h"
#include "libs/text/redaction/redaction_output.h"
#include "libs/text/redaction/redaction_program.h"

namespace countersign::text {
namespace {

// Hits of a rule that are no further apart than this are one stretch to look at.
constexpr std::uint32_t kNear = 64;

// Where threads may have to be: of hits of a trigger the ends, behind a context word where a match
// may begin.
struct Stretch {
  std::uint32_t first, last;
};

class HitCollector {
 public:
  HitCollector(const RedactionProgram& program, absl::string_view text)
      : program_(program), text_(text), stretches_(program.rules.size()) {
    for (std::uint32_t rule = 0; rule < program.rules.size(); ++rule) {
      const BulkTrigger& trigger = program.triggers[rule];
      if (program.rules[rule].context.empty() && trigger.None()) Extend(rule, 0, text.size());
      if (!trigger.columns.empty()) FindColumns(rule, trigger.columns);
    }
  }

  void Add(std::uint32_t number, std::size_t end) {
    const BulkPattern& pattern = program_.bulk_patterns[number];
    if (!pattern.is_context) {
      for (const std::uint32_t rule : pattern.rules) AddHit(rule, end);
    } else if (IsWhole(pattern, end)) {
      const std::size_t last = std::min(text_.size(), end + kContextReach);
      for (const std::uint32_t rule : pattern.rules) {
        if (HasRoom(rule, end, last)) Extend(rule, end, last);
      }
    }
  }

  // The stretches of `rule` in order.
  const std::vector<Stretch>& Sorted(std::uint32_t rule) {
    const auto earlier = [](const Stretch& a, const Stretch& b) { return a.first < b.first; };
    std::vector<Stretch>& stretches = stretches_[rule];
    if (!std::is_sorted(stretches.begin(), stretches.end(), earlier)) {
      std::sort(stretches.begin(), stretches.end(), earlier);
    }
    return stretches;
  }

 private:
  // Near the last one: hits come in order, but for exceptions.
  void Extend(std::uint32_t rule, std::size_t first, std::size_t last) {
    const auto from = static_cast<std::uint32_t>(first);
    const auto to = static_cast<std::uint32_t>(last);
    std::vector<Stretch>& stretches = stretches_[rule];
    if (stretches.empty() || from < stretches.back().first ||
        from > stretches.back().last + kNear) {
      stretches.push_back({from, to});
    } else {
      stretches.back().last = std::max(stretches.back().last, to);
    }
  }

  void AddHit(std::uint32_t rule, std::size_t end) {
    if (program_.triggers[rule].at_end) {
      const Neighbour& next = program_.traits[rule].next;
      const bool allowed = end < text_.size()
                               ? next.bytes.Contains(static_cast<unsigned char>(text_[end]))
                               : next.edge;
      if (!allowed) return;
    }
    Extend(rule, end, end);
  }

  void FindColumns(std::uint32_t rule, const std::vector<ByteSet>& columns) {
    // The two neighbours with the fewest members that are frequent in text are asked first.
    const auto common = [](const ByteSet& set) {
      return (set & ByteSet::Range('a', 'z')).Size() * 8 + set.Size();
    };
    std::size_t best = 0;
    for (std::size_t i = 1; i + 1 < columns.size(); ++i) {
      if (common(columns[i]) * common(columns[i + 1]) <
          common(columns[best]) * common(columns[best + 1])) {
        best = i;
      }
    }
    std::bitset<65536> pairs;
    for (unsigned pair = 0; pair < pairs.size(); ++pair) {
      pairs[pair] = columns[best].Contains(static_cast<unsigned char>(pair & 0xFF)) &&
                    columns[best + 1].Contains(static_cast<unsigned char>(pair >> 8));
    }
    const std::size_t rest = columns.size() - best;
    unsigned pair = text_.size() > best ? static_cast<unsigned char>(text_[best]) << 8 : 0;
    for (std::size_t at = best; at + rest <= text_.size(); ++at) {
      pair = pair >> 8 | static_cast<unsigned char>(text_[at + 1]) << 8;
      if (!pairs[pair]) continue;
      const std::size_t begin = at - best;
      const int before = begin == 0 ? -1 : static_cast<unsigned char>(text_[begin - 1]);
      if (!program_.traits[rule].MayFollow(before)) continue;
      std::size_t i = columns.size();
      while (i > 0 && columns[i - 1].Contains(static_cast<unsigned char>(text_[begin + i - 1])))
        --i;
      if (i == 0) AddHit(rule, begin + columns.size());
    }
  }

  // False when no match of `rule` can begin in [from, last], because none of what begins there is
  // long enough and made of its bytes.
  bool HasRoom(std::uint32_t rule, std::size_t from, std::size_t last) const {
    const ByteSet& alphabet = program_.traits[rule].alphabet;
    const std::size_t width = program_.traits[rule].min_width;
    for (std::size_t begin = from; begin <= last && begin + width <= text_.size();) {
      std::size_t at = begin + width;
      while (at > begin && alphabet.Contains(static_cast<unsigned char>(text_[at - 1]))) --at;
      if (at == begin) return true;
      begin = at;
    }
    return false;
  }

  // The context word that ends at `end` is no part of a longer word, as far as one can tell.
  bool IsWhole(const BulkPattern& pattern, std::size_t end) const {
    constexpr ByteSet kWordBytes = ContextWords::WordBytes();
    const auto in_word = [&](std::size_t at) {
      return kWordBytes.Contains(static_cast<unsigned char>(text_[at]));
    };
    if (end < text_.size() && in_word(end)) return false;
    return pattern.word_size == 0 || end <= pattern.word_size ||
           !in_word(end - pattern.word_size - 1);
  }

  const RedactionProgram& program_;
  const absl::string_view text_;
  std::vector<std::vector<Stretch>> stretches_;  // by rule
};

// Where threads of `rule` may have begun that are alive at `hit`, not before `done`.
std::uint64_t EarliestStart(const RedactionProgram& program, std::uint32_t rule,
                            absl::string_view text, std::uint64_t hit, std::uint64_t done) {
  const ByteSet& alphabet = program.traits[rule].alphabet;
  const std::size_t reach = program.triggers[rule].reach;
  const std::uint64_t stop = hit - done > reach ? hit - reach : done;
  while (hit > stop && alphabet.Contains(static_cast<unsigned char>(text[hit - 1]))) --hit;
  return hit;
}

// Adds the clusters of one rule.
void FindMatches(const RedactionProgram& program, std::uint32_t rule,
                 const std::vector<Stretch>& stretches, const TextWindow& window,
                 MatchState& state) {
  MatchFinder finder(program, window, state);
  const bool behind_context = !program.rules[rule].context.empty();
  std::uint64_t done = 0;  // no thread is alive there
  for (const Stretch& stretch : stretches) {
    if (stretch.last <= done) continue;
    std::uint64_t from = std::max<std::uint64_t>(stretch.first, done);
    if (!behind_context && from > done) {
      from = EarliestStart(program, rule, window.bytes, from, done);
    }
    done = finder.ScanRule(rule, from, stretch.last + 1);
  }
  finder.Finish();
}

// Clusters of several rules that share bytes become one.
std::vector<MatchCluster> Merged(const RedactionProgram& program,
                                 std::vector<MatchCluster> clusters) {
  std::sort(clusters.begin(), clusters.end(), [&](const MatchCluster& a, const MatchCluster& b) {
    return MatchFinder::Leads(program, a, b);
  });
  std::vector<MatchCluster> merged;
  for (const MatchCluster& cluster : clusters) {
    if (merged.empty() || cluster.begin >= merged.back().end) {
      merged.push_back(cluster);
      continue;
    }
    merged.back().end = std::max(merged.back().end, cluster.end);
    merged.back().mixed =
        merged.back().mixed || !program.CountAsOne(cluster.rule, merged.back().rule);
  }
  return merged;
}

}  // namespace

absl::Status RedactBulk(const RedactionProgram& program, absl::string_view text, BulkScan scan,
                        std::string* released, std::vector<RedactedSpan>* spans) {
  OutputState output_state;
  std::string folded;
  absl::string_view view = text;
  if (AsciiPrefix(text) < text.size()) {
    folded.reserve(text.size());
    FoldInto(text, true, 0, folded, output_state.patches);
    view = folded;
  }
  HitCollector hits(program, view);
  CS_RETURN_IF_ERROR(
      scan(view, [&hits](std::uint32_t pattern, std::size_t end) { hits.Add(pattern, end); }));

  const TextWindow window{view, 0, -1};
  MatchState state;
  std::vector<MatchCluster> clusters;
  for (std::uint32_t rule = 0; rule < program.rules.size(); ++rule) {
    const std::vector<Stretch>& stretches = hits.Sorted(rule);
    if (stretches.empty()) continue;
    FindMatches(program, rule, stretches, window, state);
    clusters.insert(clusters.end(), state.clusters.begin(), state.clusters.end());
    state.clusters.clear();
  }

  released->reserve(released->size() + text.size());
  RedactionOutput output(program, output_state, released, spans);
  for (const MatchCluster& cluster : Merged(program, std::move(clusters))) {
    output.Clear(window, cluster.begin);
    output.Replace(window, cluster);
  }
  output.Clear(window, window.end());
  return absl::OkStatus();
}

BulkScanner::BulkScanner(const RedactionProgram& program) : program_(program) {}

BulkScanner::~BulkScanner() {
  if (thread_.joinable()) thread_.join();
}

bool BulkScanner::IsReadyFor(absl::string_view text) {
  // What a stream does in the time of a compilation.
  constexpr std::size_t kWorthWaiting = 16 << 20;
  if (text.size() < kBulkBytes) return false;
  if (text.size() >= kWorthWaiting) return Prepare();
  const std::lock_guard<std::mutex> lock(mutex_);
  if (state_ == State::kIdle) {
    state_ = State::kCompiling;
    thread_ = std::thread([this] { Prepare(); });
  }
  return state_ == State::kReady;
}

bool BulkScanner::Prepare() {
  std::call_once(compiled_, [this] { Compile(); });
  const std::lock_guard<std::mutex> lock(mutex_);
  return state_ == State::kReady;
}

void BulkScanner::Compile() {
  const bool compiled = CompileTriggers();
  const std::lock_guard<std::mutex> lock(mutex_);
  state_ = compiled ? State::kReady : State::kRefused;
}

// A pattern that is refused as too large is tried once more with less in it. What is refused then
// is what only a stream can do.
bool BulkScanner::CompileTriggers() {
  for (std::uint32_t rule = 0; rule < program_.rules.size(); ++rule) {
    // Scanning everything for a few rules is cheap, for a dictionary it is not.
    const bool everything = program_.rules[rule].context.empty() && program_.triggers[rule].None();
    if (everything && program_.firsts[rule].end() - program_.firsts[rule].begin() > 16)
      return false;
  }
  std::vector<DatabasePattern> patterns;
  for (const BulkPattern& pattern : program_.bulk_patterns) {
    patterns.push_back({pattern.expression, true});
  }
  if (patterns.empty()) return false;
  PatternDatabase::CompileError refused;
  for (std::size_t tries = 0; tries <= patterns.size(); ++tries) {
    auto database = PatternDatabase::Compile(patterns, &refused);
    if (database.ok()) {
      database_ = *std::move(database);
      return true;
    }
    if (!refused.names_pattern) return false;
    const std::string& smaller = program_.bulk_patterns[refused.pattern].smaller;
    std::string& expression = patterns[refused.pattern].expression;
    if (smaller.empty() || expression == smaller) return false;
    expression = smaller;
  }
  return false;
}

absl::Status BulkScanner::Redact(absl::string_view text, std::string* released,
                                 std::vector<RedactedSpan>* spans) const {
  const auto scan = [this](absl::string_view folded,
                           absl::FunctionRef<void(std::uint32_t, std::size_t)> on_hit) {
    return database_->Scan(folded, on_hit);
  };
  return RedactBulk(program_, text, scan, released, spans);
}

}  // namespace countersign::text
