#include "libs/text/bulk_redaction.h"

#include <algorithm>
#include <utility>

#include "libs/base/status.h"
#include "libs/text/match_finder.h"
#include "libs/text/redaction_output.h"
#include "libs/text/redaction_program.h"

namespace countersign::text {
namespace {

// Hits of a rule that are no further apart than this are one stretch to look at.
constexpr std::uint32_t kNear = 64;

// From the first to the last hit; a hit is told by where it ends.
struct Stretch {
  std::uint32_t first, last;
};

class HitCollector {
 public:
  HitCollector(const RedactionProgram& program, absl::string_view text)
      : program_(program), text_(text), stretches_(program.rules.size()) {
    for (std::uint32_t rule = 0; rule < program.rules.size(); ++rule) {
      if (program.triggers[rule].expression.empty()) {
        stretches_[rule].push_back({0, static_cast<std::uint32_t>(text.size())});
      }
    }
  }

  void Add(std::uint32_t rule, std::size_t end) {
    const auto at = static_cast<std::uint32_t>(end);
    std::vector<Stretch>& stretches = stretches_[rule];
    if (!stretches.empty() && at >= stretches.back().first && at <= stretches.back().last) return;
    if (program_.triggers[rule].at_end) {
      const Neighbour& next = program_.traits[rule].next;
      const bool allowed = end < text_.size()
                               ? next.bytes.Contains(static_cast<unsigned char>(text_[end]))
                               : next.edge;
      if (!allowed) return;
    }
    if (stretches.empty() || at > stretches.back().last + kNear) {
      stretches.push_back({at, at});
    } else if (at >= stretches.back().first) {
      stretches.back().last = at;
    } else {
      stretches.push_back({at, at});  // out of order
    }
  }

  // The stretches of `rule` in order.
  std::vector<Stretch>& Sorted(std::uint32_t rule) {
    const auto earlier = [](const Stretch& a, const Stretch& b) { return a.first < b.first; };
    std::vector<Stretch>& stretches = stretches_[rule];
    if (!std::is_sorted(stretches.begin(), stretches.end(), earlier)) {
      std::sort(stretches.begin(), stretches.end(), earlier);
    }
    return stretches;
  }

 private:
  const RedactionProgram& program_;
  const absl::string_view text_;
  std::vector<std::vector<Stretch>> stretches_;  // by rule
};

// Where the threads of `rule` may have begun that are alive at `hit`, not before `done`.
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
  std::uint64_t done = 0;  // no thread is alive there
  for (const Stretch& stretch : stretches) {
    if (stretch.last <= done) continue;
    const std::uint64_t from =
        stretch.first <= done ? done
                              : EarliestStart(program, rule, window.bytes, stretch.first, done);
    done = finder.ScanRule(rule, from, stretch.last);
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
      scan(view, [&hits](std::uint32_t rule, std::size_t end) { hits.Add(rule, end); }));

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

// A trigger that is refused as too large is tried once more with less in it. What is refused then
// is what only a stream can do.
bool BulkScanner::CompileTriggers() {
  std::vector<DatabasePattern> patterns;
  std::vector<std::uint32_t> rules;
  for (std::uint32_t rule = 0; rule < program_.rules.size(); ++rule) {
    const std::string& expression = program_.triggers[rule].expression;
    if (expression.empty()) {
      // Scanning everything for a few rules is cheap, for a dictionary it is not.
      if (program_.firsts[rule].end() - program_.firsts[rule].begin() > 16) return false;
      continue;
    }
    patterns.push_back({expression, true});
    rules.push_back(rule);
  }
  if (patterns.empty()) return false;
  PatternDatabase::CompileError refused;
  for (std::size_t tries = 0; tries <= rules.size(); ++tries) {
    auto database = PatternDatabase::Compile(patterns, &refused);
    if (database.ok()) {
      database_ = *std::move(database);
      rules_ = std::move(rules);
      return true;
    }
    if (!refused.names_pattern) return false;
    const std::string& smaller = program_.triggers[rules[refused.pattern]].smaller;
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
    return database_->Scan(
        folded, [&](std::uint32_t pattern, std::size_t end) { on_hit(rules_[pattern], end); });
  };
  return RedactBulk(program_, text, scan, released, spans);
}

}  // namespace countersign::text
