#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/text/redaction/bulk_redaction.h"
#include "libs/text/redaction/redaction_program.h"
#include "libs/text/redaction/scan_rules.h"

namespace countersign::text::redaction {
namespace {

constexpr std::size_t kMaxDistinct =
    0xFFFE;  // limit for distinct byte sets and neighbours in a rule set

// Assigns equal values the same number.
template <typename T>
class Numbering {
 public:
  std::size_t Number(const T& value, std::vector<T>& values) {
    const auto [it, added] = numbers_.emplace(value, values.size());
    if (added) values.push_back(value);
    return it->second;
  }

 private:
  std::map<T, std::size_t> numbers_;
};

class Compiler {
 public:
  explicit Compiler(RedactionProgram& program) : program_(program) {
    neighbour_numbers_.Number(regex::Neighbour(), program_.neighbours);
  }

  absl::Status Add(RedactionRule rule) {
    if (rule.given) {
      AddGiven(std::move(rule));
      return absl::OkStatus();
    }
    const std::shared_ptr<const regex::Automaton> ready = std::exchange(rule.automaton, nullptr);
    const regex::Regex folded = ready != nullptr ? rule.regex : regex::Folded(rule.regex);
    if (rule.validator != nullptr && folded.max_width > kMaxValidatedWidth) {
      return absl::InvalidArgumentError(
          absl::StrCat("a validated pattern may match at most ", kMaxValidatedWidth, " bytes"));
    }
    regex::Automaton built;
    if (ready == nullptr) {
      CS_ASSIGN_OR_RETURN(built, regex::BuildAutomaton(folded));
    }
    const regex::Automaton& automaton = ready != nullptr ? *ready : built;
    scan_automata_.emplace_back();
    if (ready != nullptr && rule.context.empty()) {
      scan_automata_.back() = *ready;
    } else if (rule.context.empty()) {
      const regex::Regex relaxed = regex::WithWidths(ForScanning(folded.root));
      CS_ASSIGN_OR_RETURN(scan_automata_.back(), regex::BuildAutomaton(relaxed));
    }
    const std::size_t base = program_.states.size();
    if (base + automaton.bytes.size() > kMaxRuleSetStates) {
      return absl::InvalidArgumentError(
          absl::StrCat("all rules together expand to more than ", kMaxRuleSetStates, " states"));
    }
    const auto number = static_cast<std::uint32_t>(program_.rules.size());
    for (const regex::ByteSet& bytes : automaton.bytes) {
      const std::size_t set = set_numbers_.Number(bytes, program_.sets);
      RedactionProgram::State state{};
      state.rule = number;
      state.set = static_cast<std::uint16_t>(set);
      program_.states.push_back(state);
    }
    regex::ByteSet left_forbidden = rule.left_forbidden;
    if (rule.left_word_edge) left_forbidden = left_forbidden | regex::ByteSet::Range(0x80, 0xbf);
    program_.has_word_edges |= rule.left_word_edge;
    for (const regex::Automaton::Edge& edge : automaton.first) {
      program_.states[base + edge.state].begins = Refer(edge.neighbour, left_forbidden);
    }
    for (const regex::Automaton::Edge& edge : automaton.last) {
      program_.states[base + edge.state].ends = Refer(edge.neighbour, rule.right_forbidden);
    }
    if (program_.sets.size() > kMaxDistinct || program_.neighbours.size() > kMaxDistinct) {
      return absl::InvalidArgumentError("all rules together use too many different classes");
    }
    AddTransitions(automaton, static_cast<std::uint32_t>(base), rule.validator != nullptr);
    rule.regex = regex::Regex();
    rule.context.words = ContextWords::AddCases(rule.context.words);
    rule.exclusion.words = ContextWords::AddCases(rule.exclusion.words);
    RedactionProgram::RuleTraits traits;
    traits.compared = rule.exclusion.compared;
    traits.validated = rule.validator != nullptr;
    if (!rule.context.empty()) {
      traits.proximity = static_cast<std::uint32_t>(program_.context.Add(rule.context));
    }
    if (!rule.exclusion.empty()) {
      traits.exclusion = static_cast<std::uint32_t>(program_.context.Add(rule.exclusion));
    }
    if (rule.min_count > 1) traits.counter = CounterNumber(rule);
    std::vector<std::uint32_t> firsts;
    for (const regex::Automaton::Edge& edge : automaton.first) {
      firsts.push_back(edge.state);
      traits.first_bytes = traits.first_bytes | automaton.bytes[edge.state];
      traits.previous.bytes = traits.previous.bytes | (edge.neighbour.bytes & ~left_forbidden);
      traits.previous.edge = traits.previous.edge || edge.neighbour.edge;
    }
    AppendList(program_.firsts, firsts, static_cast<std::uint32_t>(base));
    for (const regex::ByteSet& bytes : automaton.bytes) traits.alphabet = traits.alphabet | bytes;
    for (const regex::Automaton::Edge& edge : automaton.last) {
      traits.next.bytes = traits.next.bytes | (edge.neighbour.bytes & ~rule.right_forbidden);
      traits.next.edge = traits.next.edge || edge.neighbour.edge;
    }
    traits.min_width = static_cast<std::uint32_t>(folded.min_width);
    traits.max_width = folded.max_width;
    program_.traits.push_back(traits);
    program_.rules.push_back(std::move(rule));
    return absl::OkStatus();
  }

  const std::vector<regex::Automaton>& scan_automata() const { return scan_automata_; }

  void Finish() {
    RedactionProgram::State end{};
    end.first_transition = static_cast<std::uint32_t>(program_.transitions.size());
    program_.states.push_back(end);
    FillSetRows();
    const std::size_t left_classes = NumberLeftClasses();
    NumberByteClasses();
    FillStarts(left_classes);
    FillKinds();
    NumberSecondClasses();
    FillSeconds();
  }

 private:
  void AddGiven(RedactionRule rule) {
    RedactionProgram::RuleTraits traits;
    if (rule.min_count > 1) traits.counter = CounterNumber(rule);
    scan_automata_.emplace_back();
    AppendList(program_.firsts, {}, 0);
    program_.traits.push_back(traits);
    program_.rules.push_back(std::move(rule));
  }

  // Shapes of one thing share a counter.
  std::uint32_t CounterNumber(const RedactionRule& rule) {
    if (rule.group.empty()) return program_.counters++;
    const auto [counter, added] = group_counters_.emplace(rule.group, program_.counters);
    if (added) ++program_.counters;
    return counter->second;
  }

  RedactionProgram::NeighbourRef Refer(regex::Neighbour neighbour,
                                       const regex::ByteSet& forbidden) {
    neighbour.bytes = neighbour.bytes & ~forbidden;
    return static_cast<RedactionProgram::NeighbourRef>(
        neighbour_numbers_.Number(neighbour, program_.neighbours) + 1);
  }

  static void AppendList(RedactionProgram::Lists& lists, const std::vector<std::uint32_t>& states,
                         std::uint32_t base) {
    for (const std::uint32_t state : states) lists.states.push_back(base + state);
    lists.offsets.push_back(static_cast<std::uint32_t>(lists.states.size()));
  }

  void AddTransitions(const regex::Automaton& automaton, std::uint32_t base, bool validated) {
    std::vector<std::vector<std::uint32_t>> predecessors(automaton.bytes.size());
    for (std::uint32_t state = 0; state < automaton.bytes.size(); ++state) {
      program_.states[base + state].first_transition =
          static_cast<std::uint32_t>(program_.transitions.size());
      std::vector<std::uint32_t> followers = automaton.followers[state];
      const auto ascii = std::stable_partition(
          followers.begin(), followers.end(), [&automaton](std::uint32_t follower) {
            return !(automaton.bytes[follower] & regex::ByteSet::Range(0, 0x7F)).Empty();
          });
      program_.states[base + state].ascii = static_cast<std::uint16_t>(ascii - followers.begin());
      for (const std::uint32_t follower : followers) {
        program_.transitions.push_back({base + follower, program_.states[base + follower].set});
        if (validated) predecessors[follower].push_back(state);
      }
    }
    for (const std::vector<std::uint32_t>& states : predecessors) {
      AppendList(program_.predecessors, states, base);
    }
  }

  template <typename Has>
  static std::uint16_t ClassNumber(std::map<std::vector<bool>, std::uint16_t>& classes,
                                   std::size_t size, Has has) {
    std::vector<bool> signature(size);
    for (std::size_t i = 0; i < size; ++i) signature[i] = has(i);
    return classes.emplace(std::move(signature), static_cast<std::uint16_t>(classes.size()))
        .first->second;
  }

  std::size_t NumberLeftClasses() {
    std::map<std::vector<bool>, std::uint16_t> classes;
    for (int byte = 0; byte <= 256; ++byte) {
      program_.before[static_cast<std::size_t>(byte)] =
          ClassNumber(classes, program_.neighbours.size(), [&](std::size_t i) {
            return program_.Allows(static_cast<RedactionProgram::NeighbourRef>(i + 1),
                                   byte == 256 ? -1 : byte);
          });
    }
    return classes.size();
  }

  void NumberByteClasses() {
    for (std::uint32_t state = 0; state < program_.states.size(); ++state) {
      if (program_.states[state].begins != RedactionProgram::kNone) first_.push_back(state);
    }
    std::map<std::vector<bool>, std::uint16_t> classes;
    for (unsigned byte = 0; byte < 256; ++byte) {
      program_.byte_class[byte] = ClassNumber(classes, first_.size(), [&](std::size_t i) {
        return program_.Consumes(first_[i], static_cast<unsigned char>(byte));
      });
    }
    program_.classes = classes.size();
  }

  void FillStarts(std::size_t left_classes) {
    std::vector<int> before_byte(left_classes);  // a representative of each class
    for (int byte = 0; byte <= 256; ++byte) {
      before_byte[program_.before[static_cast<std::size_t>(byte)]] = byte == 256 ? -1 : byte;
    }
    std::vector<unsigned char> class_byte(program_.classes);
    for (unsigned byte = 0; byte < 256; ++byte) {
      class_byte[program_.byte_class[byte]] = static_cast<unsigned char>(byte);
    }
    for (const int before : before_byte) {
      for (const unsigned char byte : class_byte) {
        std::vector<std::uint32_t> states;
        std::vector<std::uint32_t> by_proximity;
        std::vector<std::uint32_t> excluded;
        for (const std::uint32_t state : first_) {
          if (program_.Consumes(state, byte) &&
              program_.Allows(program_.states[state].begins, before)) {
            constexpr std::uint32_t kNoProximity = RedactionProgram::RuleTraits::kNoProximity;
            const auto& traits = program_.traits[program_.states[state].rule];
            const bool may_exclude =
                traits.proximity == kNoProximity && traits.exclusion != kNoProximity;
            (traits.proximity != kNoProximity ? by_proximity
             : may_exclude                    ? excluded
                                              : states)
                .push_back(state);
          }
        }
        AppendList(program_.starts, states, 0);
        AppendList(program_.exclusion_starts, excluded, 0);
        AppendGated(by_proximity, excluded);
        program_.start_kinds.push_back(
            (states.empty() ? 0 : RedactionProgram::kPlainStart) |
            (by_proximity.empty() ? 0 : RedactionProgram::kProximityStart) |
            (excluded.empty() ? 0 : RedactionProgram::kExclusionStart));
      }
    }
  }

  void AppendGated(std::vector<std::uint32_t>& states, const std::vector<std::uint32_t>& excluded) {
    const auto traits_of = [&](std::uint32_t state) -> const RedactionProgram::RuleTraits& {
      return program_.traits[program_.states[state].rule];
    };
    std::stable_sort(states.begin(), states.end(), [&](std::uint32_t a, std::uint32_t b) {
      return traits_of(a).proximity < traits_of(b).proximity;
    });
    RedactionProgram::GatedCell cell;
    cell.first_run = static_cast<std::uint32_t>(program_.gated_runs.size());
    for (const std::uint32_t state : excluded) {
      cell.proximity_rules.Add(traits_of(state).exclusion);
    }
    for (const std::uint32_t state : states) {
      const auto& traits = traits_of(state);
      cell.proximity_rules.Add(traits.proximity);
      std::vector<RedactionProgram::GatedRun>& runs = program_.gated_runs;
      const auto at = static_cast<std::uint32_t>(program_.gated_starts.size());
      if (runs.size() == cell.first_run || runs.back().proximity != traits.proximity) {
        runs.push_back({traits.proximity, at, at});
      }
      runs.back().last = at + 1;
      program_.gated_starts.push_back(state);
    }
    cell.last_run = static_cast<std::uint32_t>(program_.gated_runs.size());
    program_.gated.push_back(cell);
  }

  void FillSetRows() {
    constexpr std::size_t kBits = 64;
    program_.set_row_words = program_.sets.size() / kBits + 1;
    program_.set_rows.assign(256 * program_.set_row_words, 0);
    for (std::size_t set = 0; set < program_.sets.size(); ++set) {
      for (std::size_t byte = 0; byte < 256; ++byte) {
        if (!program_.sets[set].Contains(static_cast<unsigned char>(byte))) continue;
        program_.set_rows[byte * program_.set_row_words + set / kBits] |= std::uint64_t{1}
                                                                          << (set % kBits);
      }
    }
  }

  void FillKinds() {
    for (std::uint32_t state = 0; state + 1 < program_.states.size(); ++state) {
      const RedactionProgram::NeighbourRef ends = program_.states[state].ends;
      std::uint8_t kinds = program_.From(state).empty() ? 0 : RedactionProgram::kContinues;
      if (ends == RedactionProgram::kAnything) kinds |= RedactionProgram::kAccepts;
      if (ends > RedactionProgram::kAnything) kinds |= RedactionProgram::kWaits;
      program_.kinds.push_back(kinds);
    }
  }

  void NumberSecondClasses() {
    std::set<std::uint32_t> sets;
    for (const std::uint32_t state : first_) {
      for (const auto& transition : program_.From(state)) sets.insert(transition.set);
    }
    const std::vector<std::uint32_t> used(sets.begin(), sets.end());
    std::map<std::vector<bool>, std::uint16_t> classes;
    for (unsigned byte = 0; byte < 256; ++byte) {
      program_.second_class[byte] =
          static_cast<std::uint8_t>(ClassNumber(classes, used.size(), [&](std::size_t i) {
            return program_.sets[used[i]].Contains(static_cast<unsigned char>(byte));
          }));
    }
    program_.second_classes = classes.size();
  }

  // Cells with the same starts share a prefix2. When a program has too many, the others have none.
  void FillSeconds() {
    std::vector<unsigned char> class_byte(program_.second_classes);
    for (unsigned byte = 0; byte < 256; ++byte) {
      class_byte[program_.second_class[byte]] = static_cast<unsigned char>(byte);
    }
    std::map<std::vector<std::uint32_t>, std::uint16_t> known = {
        {{}, RedactionProgram::kNoPrefix2}};
    for (std::size_t i = 0; i < class_byte.size(); ++i) AppendList(program_.seconds, {}, 0);
    for (std::size_t cell = 0; cell < program_.start_kinds.size(); ++cell) {
      const auto starts = program_.starts[cell];
      std::vector<std::uint32_t> states(starts.begin(), starts.end());
      const bool short_match = std::any_of(states.begin(), states.end(), [&](std::uint32_t state) {
        return program_.states[state].ends != RedactionProgram::kNone;
      });
      if (short_match || known.size() > kMaxDistinct) states.clear();
      const auto [prefix2, added] =
          known.emplace(std::move(states), static_cast<std::uint16_t>(known.size()));
      program_.prefix2s.push_back(prefix2->second);
      if (!added) continue;
      for (const unsigned char byte : class_byte) AppendSecond(prefix2->first, byte);
    }
  }

  void AppendSecond(const std::vector<std::uint32_t>& starts, unsigned char byte) {
    std::set<std::uint32_t> seconds;
    for (const std::uint32_t state : starts) {
      for (const auto& transition : program_.From(state)) {
        if (program_.sets[transition.set].Contains(byte)) seconds.insert(transition.state);
      }
    }
    AppendList(program_.seconds, {seconds.begin(), seconds.end()}, 0);
  }

  RedactionProgram& program_;
  std::vector<regex::Automaton> scan_automata_;  // by rule; see ScanRules
  Numbering<regex::ByteSet> set_numbers_;
  Numbering<regex::Neighbour> neighbour_numbers_;
  std::map<std::string, std::uint32_t> group_counters_;
  std::vector<std::uint32_t> first_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<const RuleSet>> RuleSet::Compile(std::vector<RedactionRule> rules,
                                                                RedactionLimits limits) {
  auto program = std::make_unique<RedactionProgram>();
  program->limits = limits;
  Compiler compiler(*program);
  for (RedactionRule& rule : rules) {
    const std::string entity = rule.entity;
    CS_RETURN_IF_ERROR(Annotate(compiler.Add(std::move(rule)), entity));
  }
  compiler.Finish();
  auto bulk = std::make_unique<BulkScanner>(*program, compiler.scan_automata());
  return std::shared_ptr<const RuleSet>(new RuleSet(std::move(program), std::move(bulk)));
}

RuleSet::RuleSet(std::unique_ptr<RedactionProgram> program, std::unique_ptr<BulkScanner> bulk)
    : program_(std::move(program)), bulk_(std::move(bulk)) {}
RuleSet::~RuleSet() = default;
bool RuleSet::empty() const { return program_->rules.empty(); }
std::optional<std::uint32_t> RuleSet::FindGiven(absl::string_view entity) const {
  const std::vector<RedactionRule>& rules = program_->rules;
  for (std::uint32_t i = 0; i < rules.size(); ++i) {
    if (rules[i].given && rules[i].entity == entity) return i;
  }
  return std::nullopt;
}
std::size_t RuleSet::states() const { return program_->states.size() - 1; }

}  // namespace countersign::text::redaction
