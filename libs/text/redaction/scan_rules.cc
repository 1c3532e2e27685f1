#include "libs/text/redaction/scan_rules.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace countersign::text::redaction {
namespace {

constexpr regex::ByteSet kWordBytes = ContextWords::WordBytes();
constexpr regex::ByteSet kAlnum = regex::ByteSet::Word() & ~regex::ByteSet::Of("_");

// Assigns equal values the same number, in order of appearance.
template <typename Value>
class Classes {
 public:
  std::size_t Number(Value value) {
    return numbers_.emplace(std::move(value), numbers_.size()).first->second;
  }

 private:
  std::map<Value, std::size_t> numbers_;
};

regex::ByteSet AnyCase(char byte) {
  const auto lower = static_cast<unsigned char>(byte);
  regex::ByteSet both;
  both.Add(lower);
  both.Add(static_cast<unsigned char>(absl::ascii_toupper(lower)));
  return both;
}

// All bytes, the most frequent in text first, so that frequent table entries are adjacent.
std::vector<unsigned char> FrequentFirst() {
  constexpr absl::string_view kFrequent = " etaoinsrhldcumfpgwybvkjxqz,.\n-'";
  std::vector<unsigned char> bytes(kFrequent.begin(), kFrequent.end());
  for (unsigned byte = 0; byte < 256; ++byte) {
    if (!absl::StrContains(kFrequent, static_cast<char>(byte))) {
      bytes.push_back(static_cast<unsigned char>(byte));
    }
  }
  return bytes;
}

// Repeats longer than this, or with bounds further apart than this, are not counted in the scan.
constexpr std::size_t kMostCounted = 24;
constexpr std::size_t kWidestChoice = 4;

}  // namespace

regex::RegexNode ForScanning(const regex::RegexNode& node) {
  regex::RegexNode relaxed = node;
  for (regex::RegexNode& child : relaxed.children) child = ForScanning(child);
  if (node.kind == regex::RegexNode::Kind::kRepeat &&
      (node.max > kMostCounted || node.max - node.min > kWidestChoice)) {
    relaxed.min = std::min(node.min, kMostCounted);
    relaxed.max = regex::kUnbounded;
  }
  return relaxed;
}

ScanRules::ScanRules(const RedactionProgram& program, const std::vector<regex::Automaton>& automata)
    : phrase_base_(static_cast<std::uint32_t>(program.rules.size())) {
  for (std::uint32_t rule = 0; rule < program.rules.size(); ++rule) {
    if (program.rules[rule].context.empty()) {
      AddRule(rule, automata[rule], program.rules[rule]);
    }
  }
  CollectPhrases(program);
  for (std::uint32_t i = 0; i < phrases_.size(); ++i) {
    AddPhrase(phrases_[i].words, phrase_base_ + i);
  }
  AddState(0, regex::ByteSet());  // a sentinel for the end of the last transitions
  NumberClasses();
}

void ScanRules::SortOnce(std::vector<std::uint32_t>& states) {
  std::sort(states.begin(), states.end());
  states.erase(std::unique(states.begin(), states.end()), states.end());
}

std::uint16_t ScanRules::SetNumber(const regex::ByteSet& bytes) {
  const auto [found, added] = set_numbers_.emplace(bytes, static_cast<std::uint16_t>(sets_.size()));
  if (added) sets_.push_back(bytes);
  return found->second;
}

std::uint16_t ScanRules::NeighbourNumber(regex::Neighbour neighbour,
                                         const regex::ByteSet& forbidden) {
  neighbour.bytes = neighbour.bytes & ~forbidden;
  const auto [found, added] =
      neighbour_numbers_.emplace(neighbour, static_cast<std::uint16_t>(neighbours_.size()));
  if (added) neighbours_.push_back(neighbour);
  return found->second;
}

void ScanRules::AddState(std::uint32_t target, const regex::ByteSet& bytes) {
  states_.push_back(
      {target, static_cast<std::uint32_t>(transitions_.size()), SetNumber(bytes), kNoEnd});
}

void ScanRules::AddRule(std::uint32_t number, const regex::Automaton& automaton,
                        const RedactionRule& rule) {
  const auto base = static_cast<std::uint32_t>(states_.size());
  for (std::size_t i = 0; i < automaton.bytes.size(); ++i) {
    AddState(number, automaton.bytes[i]);
    for (const std::uint32_t follower : automaton.followers[i]) {
      transitions_.push_back({base + follower, SetNumber(automaton.bytes[follower])});
    }
  }
  for (const regex::Automaton::Edge& edge : automaton.first) {
    all_starts_.push_back(
        {base + edge.state, NeighbourNumber(edge.neighbour, rule.left_forbidden)});
  }
  for (const regex::Automaton::Edge& edge : automaton.last) {
    const std::uint16_t next = NeighbourNumber(edge.neighbour, rule.right_forbidden);
    states_[base + edge.state].next = neighbours_[next].Anything() ? kAnyNext : next;
  }
}

void ScanRules::CollectPhrases(const RedactionProgram& program) {
  std::map<std::vector<std::string>, std::size_t> numbers;
  for (std::uint32_t rule = 0; rule < program.rules.size(); ++rule) {
    for (const std::string& text : program.rules[rule].context.words) {
      std::vector<std::string> words = ContextWords::SplitPhrase(text);
      if (words.empty()) continue;
      const auto [found, added] = numbers.emplace(words, phrases_.size());
      if (added) phrases_.push_back({std::move(words), {}});
      std::vector<std::uint32_t>& rules = phrases_[found->second].rules;
      if (rules.empty() || rules.back() != rule) rules.push_back(rule);
    }
  }
}

// Adds words that follow each other with any separators between them, or as parts of a camel-case
// name. Matches a superset, because hits are verified.
void ScanRules::AddPhrase(const std::vector<std::string>& words, std::uint32_t target) {
  const auto goes_to = [&](std::uint32_t state, const regex::ByteSet& bytes) {
    transitions_.push_back({state, SetNumber(bytes)});
  };
  const auto capital = [](char byte) {
    regex::ByteSet set;
    set.Add(static_cast<unsigned char>(absl::ascii_toupper(static_cast<unsigned char>(byte))));
    return set;
  };
  const bool unspaced = ContextWords::IsUnspaced(words.back());  // it may stand within a word
  const std::uint16_t beside =
      NeighbourNumber(regex::Neighbour(), unspaced ? regex::ByteSet() : kWordBytes);
  const std::uint16_t ends =
      unspaced
          ? kAnyNext
          : NeighbourNumber(regex::Neighbour(), kWordBytes & ~(regex::ByteSet::Range('A', 'Z') |
                                                               regex::ByteSet::Range('0', '9')));
  const std::uint16_t within = NeighbourNumber({kAlnum, false}, {});
  for (std::size_t word = 0; word < words.size(); ++word) {
    const std::string& text = words[word];
    const bool last_word = word + 1 == words.size();
    // The first byte after a separator, or as a capital after a letter, and then the rest.
    const auto first = static_cast<std::uint32_t>(states_.size());
    const std::uint32_t rest = first + 2;
    const auto gap = static_cast<std::uint32_t>(rest + text.size() - 1);
    const auto go_on = [&](std::size_t i) {
      if (i + 1 < text.size()) {
        goes_to(static_cast<std::uint32_t>(rest + i), AnyCase(text[i + 1]));
      } else if (last_word) {
        states_.back().next = ends;
      } else {
        goes_to(gap, ~kWordBytes);
        goes_to(gap + 2, capital(words[word + 1][0]));
      }
    };
    if (word == 0) {
      all_starts_.push_back({first, beside});
      all_starts_.push_back({first + 1, within});
    }
    AddState(target, AnyCase(text[0]));
    go_on(0);
    AddState(target, capital(text[0]));
    go_on(0);
    for (std::size_t i = 1; i < text.size(); ++i) {
      AddState(target, AnyCase(text[i]));
      go_on(i);
    }
    if (last_word) break;
    AddState(target, ~kWordBytes);
    goes_to(gap, ~kWordBytes);
    goes_to(gap + 1, AnyCase(words[word + 1][0]));
  }
}

void ScanRules::NumberClasses() {
  Classes<std::vector<bool>> left_classes;
  for (int byte = -1; byte < 256; ++byte) {
    std::vector<bool> allowed;
    for (const regex::Neighbour& neighbour : neighbours_) {
      allowed.push_back(byte < 0 ? neighbour.edge
                                 : neighbour.bytes.Contains(static_cast<unsigned char>(byte)));
    }
    const std::size_t number = left_classes.Number(allowed);
    before_[byte < 0 ? 256 : static_cast<std::size_t>(byte)] = static_cast<std::uint16_t>(number);
    if (number == before_allows_.size()) before_allows_.push_back(std::move(allowed));
  }
  // A class also determines how its bytes act before a match, so that a step needs classes only.
  Classes<std::pair<std::uint16_t, std::vector<bool>>> classes;
  for (const unsigned char byte : FrequentFirst()) {
    std::vector<bool> members;
    for (const regex::ByteSet& set : sets_) {
      members.push_back(set.Contains(byte));
    }
    class_of_[byte] =
        static_cast<std::uint8_t>(classes.Number({before_[byte], std::move(members)}));
    if (class_of_[byte] == class_bytes_.size()) {
      class_bytes_.push_back(byte);
    }
  }
  starts_.resize(class_bytes_.size());
  for (std::size_t i = 0; i < class_bytes_.size(); ++i) {
    for (const Start& start : all_starts_) {
      if (sets_[states_[start.state].set].Contains(class_bytes_[i])) starts_[i].push_back(start);
    }
  }
}

}  // namespace countersign::text::redaction
