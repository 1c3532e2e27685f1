#include "libs/text/redaction/bulk_redaction.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <thread>
#include <utility>

#include "libs/text/redaction/match_finder.h"
#include "libs/text/redaction/redaction_output.h"
#include "libs/text/redaction/redaction_program.h"
#include "libs/text/redaction/scan_automaton.h"
#include "libs/text/redaction/table_reader.h"

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
      : program_(program),
        rules_(rules),
        text_(text),
        stretches_(program.rules.size()),
        phrase_ends_(text.size() / kBucket + 1) {}

  void Add(std::uint32_t target, std::size_t end) {
    if (target < rules_.phrase_base()) return Extend(target, {Offset(end), Offset(end)});
    phrase_ends_[(end - 1) / kBucket] = true;
    const Stretch anywhere{Offset(end), Offset(std::min(text_.size(), end + kContextReach))};
    const Stretch beside{Offset(end), Offset(std::min(text_.size(), end + kBesideReach))};
    std::optional<Stretch> assigned;
    std::optional<Stretch> named;
    for (const std::uint32_t rule : rules_.phrases()[target - rules_.phrase_base()].rules) {
      const ProximityRule& proximity = program_.rules[rule].context;
      if (proximity.assigned && !assigned) assigned = Opened(anywhere, AssignmentReader());
      if (proximity.named && !named) named = Named(anywhere);
      const Stretch& begins = proximity.assigned ? *assigned
                              : proximity.named  ? *named
                              : proximity.beside ? beside
                                                 : anywhere;
      const Stretch room = WithRoom(rule, begins);
      if (room.first <= room.last) Extend(rule, room);
    }
  }

  // Adds the cells of tables whose headers hold a phrase. Call when all hits were added.
  void AddTables() {
    std::size_t line = 0;  // no table is open there, and a line begins
    for (std::size_t bucket = 0; bucket < phrase_ends_.size(); ++bucket) {
      if (!phrase_ends_[bucket]) continue;
      const std::size_t begin = bucket * kBucket;
      const std::size_t end = std::min(begin + kBucket, text_.size());
      while (line < end) {
        const std::size_t next = EndOfLine(line);
        line = next <= begin ? next : ReadTable(line, next);
      }
    }
  }

  // Where matches of `rule` may begin in columns that name it, in order.
  const std::vector<std::uint32_t>& Cells(std::uint32_t rule) const {
    static const std::vector<std::uint32_t> none;
    const auto found = cells_.find(rule);
    return found == cells_.end() ? none : found->second;
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
  // Where the line after that at `at` begins.
  std::size_t EndOfLine(std::size_t at) const {
    const std::size_t line = TableReader::FindLineEnd(text_, at);
    return line == text_.npos ? text_.size() : line + 1;
  }

  // Reads the line [at, header_end), which may be a header, and its table. Returns where that ends.
  std::size_t ReadTable(std::size_t at, std::size_t header_end) {
    if (!TableReader::MayBeHeader(text_.substr(at, header_end - at))) return header_end;
    TableReader table;
    for (; at < text_.size(); ++at) {
      table.VisitNames([&](std::uint32_t proximity) {
        for (const std::uint32_t rule : FindRules(proximity)) {
          std::vector<std::uint32_t>& cells = cells_[rule];
          if (!cells.empty() && cells.back() == at) continue;
          cells.push_back(Offset(at));
          Extend(rule, {Offset(at), Offset(at)});
        }
      });
      if (!table.reading()) {
        const std::size_t line = TableReader::FindLineEnd(text_, at);
        if (line == text_.npos) return text_.size();
        at = line;
      }
      const std::size_t from = at - std::min(at, TableReader::kWidestCell + 1);
      table.Read(text_[at], text_.substr(from, at - from), program_.context);
      if (TableReader::EndsLine(text_[at]) && !table.in_table()) return at + 1;
    }
    return text_.size();
  }

  const std::vector<std::uint32_t>& FindRules(std::uint32_t proximity) {
    if (rules_of_.empty()) {
      for (std::uint32_t rule = 0; rule < program_.traits.size(); ++rule) {
        const std::uint32_t number = program_.traits[rule].proximity;
        if (number != RedactionProgram::RuleTraits::kNoProximity) rules_of_[number].push_back(rule);
      }
    }
    return rules_of_[proximity];
  }

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

  static Stretch Joined(const Stretch& a, const Stretch& b) {
    if (a.first > a.last) return b;
    if (b.first > b.last) return a;
    return {std::min(a.first, b.first), std::max(a.last, b.last)};
  }

  Stretch Named(const Stretch& begins) const {
    constexpr absl::string_view kUnspaced = "\u5BC6";
    const bool ascii = static_cast<unsigned char>(text_[begins.first - 1]) < 0x80;
    return Opened(begins, NameReader(ascii ? "" : kUnspaced));
  }

  // The part of `begins`, which follows a phrase, where `reader` says that a value may begin.
  template <typename Reader>
  Stretch Opened(const Stretch& begins, Reader reader) const {
    Stretch opened{begins.last, begins.first};
    for (std::uint32_t at = begins.first; at < begins.last; ++at) {
      if (!reader.Read(text_[at])) break;
      if (!reader.open()) continue;
      opened.first = std::min(opened.first, at + 1);
      opened.last = at + 1;
    }
    return opened;
  }

  // The part of `begins` where a match of `rule` may begin, because its first byte and enough bytes
  // of the rule's alphabet follow; first > last if there is none.
  Stretch WithRoom(std::uint32_t rule, const Stretch& begins) const {
    const RedactionProgram::RuleTraits& traits = program_.traits[rule];
    const std::size_t width = traits.min_width;
    const auto among = [&](const regex::ByteSet& bytes, std::size_t at) {
      return bytes.Contains(static_cast<unsigned char>(text_[at]));
    };
    Stretch room{1, 0};
    std::size_t fit = begins.first;  // the bytes from `begin` until here are of the alphabet
    for (std::size_t begin = begins.first; begin <= begins.last && begin + width <= text_.size();
         ++begin) {
      if (!among(traits.first_bytes, begin)) continue;
      const std::size_t end = begin + width;
      const std::size_t from = std::max(begin, fit);
      std::size_t at = end;
      while (at > from && among(traits.alphabet, at - 1)) --at;
      fit = end;
      if (at > from) {
        begin = at - 1;
        continue;
      }
      if (room.first > room.last) room.first = Offset(begin);
      room.last = Offset(begin);
    }
    return room;
  }

  const RedactionProgram& program_;
  const ScanRules& rules_;
  const absl::string_view text_;
  std::vector<std::vector<Stretch>> stretches_;  // by rule number
  static constexpr std::size_t kBucket = 64;
  std::vector<bool> phrase_ends_;  // by kBucket bytes: whether a phrase ends there
  std::map<std::uint32_t, std::vector<std::uint32_t>> cells_;     // by rule
  std::map<std::uint32_t, std::vector<std::uint32_t>> rules_of_;  // by proximity rule
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
void FindMatches(const RedactionProgram& program, std::uint32_t rule, HitCollector& hits,
                 const TextWindow& window, const ScanAutomaton& automaton, MatchState& state) {
  const std::vector<Stretch>& stretches = hits.Sorted(rule);
  MatchFinder finder(program, window, state);
  finder.set_cells(&hits.Cells(rule));
  const bool behind_context = !program.rules[rule].context.empty();
  std::uint64_t done = 0;  // no thread is active there
  for (const Stretch& stretch : stretches) {
    // Behind a context a stretch says where matches begin, else where they end.
    if (behind_context ? stretch.last < done : stretch.last <= done) continue;
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
  hits.AddTables();

  const TextWindow window{view, 0, -1};
  MatchState state;
  std::vector<MatchCluster> clusters;
  for (std::uint32_t rule = 0; rule < program.rules.size(); ++rule) {
    if (hits.Sorted(rule).empty()) continue;
    FindMatches(program, rule, hits, window, automaton, state);
    clusters.insert(clusters.end(), state.clusters.begin(), state.clusters.end());
    state.clusters.clear();
    state.lists.clear();
    state.lists_until = 0;
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
