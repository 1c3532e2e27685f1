#include "libs/text/redaction/bulk_redaction.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <thread>
#include <utility>

#include "libs/text/redaction/match_finder.h"
#include "libs/text/redaction/redaction_output.h"
#include "libs/text/redaction/redaction_program.h"
#include "libs/text/redaction/scan_automaton.h"

namespace countersign::text::redaction {
namespace {

// Hits of a rule that are at most this far apart are one stretch.
constexpr std::uint32_t kNear = 64;

// A stretch in which the rule's automaton must run. It comes from ends of matches, or from a phrase
// of the rule's context, behind which a match may start.
struct Stretch {
  std::uint32_t first, last;
};

class HitCollector {
 public:
  HitCollector(const RedactionProgram& program, const ScanRules& rules, absl::string_view text)
      : program_(program), rules_(rules), text_(text), stretches_(program.rules.size()) {}

  void Add(std::uint32_t target, std::size_t end) {
    if (target < rules_.phrase_base()) return Extend(target, {Offset(end), Offset(end)});
    const Stretch anywhere{Offset(end), Offset(std::min(text_.size(), end + kContextReach))};
    const Stretch beside{Offset(end), Offset(std::min(text_.size(), end + kBesideReach))};
    const Stretch assigned = Assigned(anywhere);
    for (const std::uint32_t rule : rules_.phrases()[target - rules_.phrase_base()].rules) {
      const ProximityRule& proximity = program_.rules[rule].context;
      const Stretch& begins = proximity.assigned ? assigned : proximity.beside ? beside : anywhere;
      const Stretch room = WithRoom(rule, begins);
      if (room.first <= room.last) Extend(rule, room);
    }
  }

  // The stretches of `rule`, in order.
  const std::vector<Stretch>& Sorted(std::uint32_t rule) {
    const auto earlier = [](const Stretch& a, const Stretch& b) { return a.first < b.first; };
    std::vector<Stretch>& stretches = stretches_[rule];
    if (!std::is_sorted(stretches.begin(), stretches.end(), earlier)) {
      std::sort(stretches.begin(), stretches.end(), earlier);
    }
    return stretches;
  }

 private:
  static std::uint32_t Offset(std::size_t offset) { return static_cast<std::uint32_t>(offset); }

  // Extends the last stretch if it is near: hits come in order, except for those of different
  // lanes.
  void Extend(std::uint32_t rule, const Stretch& more) {
    std::vector<Stretch>& stretches = stretches_[rule];
    if (stretches.empty() || more.first < stretches.back().first ||
        more.first > stretches.back().last + kNear) {
      stretches.push_back(more);
    } else {
      stretches.back().last = std::max(stretches.back().last, more.last);
    }
  }

  // The part of `begins`, which follows a phrase, where the phrase is assigned a value.
  Stretch Assigned(const Stretch& begins) const {
    Stretch assigned{begins.last, begins.first};
    AssignmentReader reader;
    for (std::uint32_t at = begins.first; at < begins.last; ++at) {
      if (!reader.Read(text_[at])) break;
      if (!reader.assigned()) continue;
      assigned.first = std::min(assigned.first, at + 1);
      assigned.last = at + 1;
    }
    return assigned;
  }

  // The part of `begins` where enough bytes of the rule's alphabet follow for a match of `rule`;
  // first > last if there is none.
  Stretch WithRoom(std::uint32_t rule, const Stretch& begins) const {
    const regex::ByteSet& alphabet = program_.traits[rule].alphabet;
    const std::size_t width = program_.traits[rule].min_width;
    const auto fits = [&](std::size_t at) {
      return alphabet.Contains(static_cast<unsigned char>(text_[at]));
    };
    Stretch room{1, 0};
    for (std::size_t begin = begins.first; begin <= begins.last && begin + width <= text_.size();) {
      std::size_t at = begin + width;
      while (at > begin && fits(at - 1)) --at;
      if (at > begin) {
        begin = at;
        continue;
      }
      if (room.first > room.last) room.first = Offset(begin);
      while (begin < begins.last && begin + width < text_.size() && fits(begin + width)) ++begin;
      room.last = Offset(begin);
      begin += width + 1;
    }
    return room;
  }

  const RedactionProgram& program_;
  const ScanRules& rules_;
  const absl::string_view text_;
  std::vector<std::vector<Stretch>> stretches_;  // by rule number
};

// The earliest possible start, at or after `done`, of a match of `rule` that ends at `end`.
std::uint64_t EarliestStart(const RedactionProgram& program, std::uint32_t rule,
                            absl::string_view text, std::uint64_t end, std::uint64_t done,
                            const ScanAutomaton& automaton) {
  const regex::ByteSet& alphabet = program.traits[rule].alphabet;
  const std::size_t reach = program.traits[rule].max_width;
  std::uint64_t stop = end - done > reach ? end - reach : done;
  const bool is_far = end - stop > 2 * automaton.limits().block;
  if (is_far) stop = std::max<std::uint64_t>(stop, automaton.QuietBefore(rule, end - 1));
  std::uint64_t start = end;
  while (start > stop && alphabet.Contains(static_cast<unsigned char>(text[start - 1]))) --start;
  return start;
}

// Adds the clusters of one rule.
void FindMatches(const RedactionProgram& program, std::uint32_t rule,
                 const std::vector<Stretch>& stretches, const TextWindow& window,
                 const ScanAutomaton& automaton, MatchState& state) {
  MatchFinder finder(program, window, state);
  const bool behind_context = !program.rules[rule].context.empty();
  std::uint64_t done = 0;  // no thread is active there
  for (const Stretch& stretch : stretches) {
    if (stretch.last <= done) continue;
    std::uint64_t from = std::max<std::uint64_t>(stretch.first, done);
    if (!behind_context && from > done) {
      from = EarliestStart(program, rule, window.bytes, from, done, automaton);
    }
    done = finder.ScanRule(rule, from, stretch.last + 1);
  }
  finder.Finish();
}

// Joins clusters of different rules that share bytes.
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

bool RedactBulk(const RedactionProgram& program, const ScanRules& rules, ScanAutomaton& automaton,
                absl::string_view text, std::string* released, std::vector<RedactedSpan>* spans) {
  OutputState output_state;
  std::string folded;
  absl::string_view view = text;
  if (unicode::PlainAsciiPrefix(text) < text.size()) {
    folded.reserve(text.size());
    unicode::FoldInto(text, true, 0, folded, output_state.patches);
    view = folded;
  }
  HitCollector hits(program, rules, view);
  const auto on_hit = [&hits](std::uint32_t target, std::size_t end) { hits.Add(target, end); };
  if (!automaton.Scan(view, on_hit)) return false;

  const TextWindow window{view, 0, -1};
  MatchState state;
  std::vector<MatchCluster> clusters;
  for (std::uint32_t rule = 0; rule < program.rules.size(); ++rule) {
    const std::vector<Stretch>& stretches = hits.Sorted(rule);
    if (stretches.empty()) continue;
    FindMatches(program, rule, stretches, window, automaton, state);
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
  return true;
}

BulkScanner::BulkScanner(const RedactionProgram& program,
                         const std::vector<regex::Automaton>& automata)
    : program_(program), rules_(std::make_unique<const ScanRules>(program, automata)) {}
BulkScanner::~BulkScanner() = default;

bool BulkScanner::Redact(absl::string_view text, std::string* released,
                         std::vector<RedactedSpan>* spans) {
  if (text.size() < kBulkBytes || text.size() > std::numeric_limits<std::int32_t>::max()) {
    return false;
  }
  std::unique_ptr<ScanAutomaton> automaton = Borrow();
  if (automaton == nullptr) return false;
  const bool done = RedactBulk(program_, *rules_, *automaton, text, released, spans);
  GiveBack(std::move(automaton));
  return done;
}

// Each thread gets its own automaton, up to the hardware concurrency; null beyond that.
std::unique_ptr<ScanAutomaton> BulkScanner::Borrow() {
  const MutexLock lock(mutex_);
  if (!idle_.empty()) {
    std::unique_ptr<ScanAutomaton> automaton = std::move(idle_.back());
    idle_.pop_back();
    return automaton;
  }
  if (made_ >= std::max(1U, std::thread::hardware_concurrency())) return nullptr;
  ++made_;
  return std::make_unique<ScanAutomaton>(*rules_);
}

void BulkScanner::GiveBack(std::unique_ptr<ScanAutomaton> automaton) {
  const MutexLock lock(mutex_);
  idle_.push_back(std::move(automaton));
}

}  // namespace countersign::text::redaction
