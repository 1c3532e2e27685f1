#include "libs/text/redaction/context_words.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "libs/text/unicode/text_fold.h"

namespace countersign::text {
namespace {

constexpr ByteSet kWordBytes = ContextWords::WordBytes();

bool InWord(char byte) { return kWordBytes.Contains(static_cast<unsigned char>(byte)); }

std::string Lowered(absl::string_view text) { return absl::AsciiStrToLower(text); }

// `between` is what stands between a context word and a match.
bool Assigns(absl::string_view between) {
  AssignmentReader reader;
  for (const char byte : between) {
    if (!reader.Read(byte)) return false;
  }
  return reader.assigned();
}

}  // namespace

std::vector<std::string> ContextWords::WordsOf(absl::string_view phrase) {
  std::string folded;
  FoldPatches patches;
  FoldInto(phrase, true, 0, folded, patches);
  std::vector<std::string> words;
  bool in_word = false;
  for (const char byte : folded) {
    if (InWord(byte)) {
      if (!in_word) words.emplace_back();
      words.back() += absl::ascii_tolower(static_cast<unsigned char>(byte));
    }
    in_word = InWord(byte);
  }
  return words;
}

std::size_t ContextWords::WordHash::operator()(absl::string_view word) const {
  return std::hash<std::string_view>()(std::string_view(word.data(), word.size()));
}

std::size_t ContextWords::BloomOf(absl::string_view word) {
  const auto low = [](char byte) -> std::size_t {
    return static_cast<unsigned char>(absl::ascii_tolower(static_cast<unsigned char>(byte)));
  };
  return (low(word.front()) * 31 + low(word.back()) * 7 + low(word[word.size() / 2]) * 131 +
          word.size() * 17) %
         4096;
}

std::size_t ContextWords::Add(const ContextGate& gate) {
  for (std::size_t i = 0; i < gates_.size(); ++i) {
    if (gates_[i].assigned == gate.assigned && gates_[i].words == gate.words) return i;
  }
  const std::size_t number = gates_.size();
  gates_.push_back(gate);
  for (const std::string& phrase : gate.words) {
    std::vector<std::string> words = WordsOf(phrase);
    if (words.empty()) continue;
    const std::string last = std::move(words.back());
    words.pop_back();
    bloom_[BloomOf(last)] = true;
    std::vector<Phrase>& phrases = phrases_[last];
    auto same = std::find_if(phrases.begin(), phrases.end(),
                             [&](const Phrase& other) { return other.words_before == words; });
    if (same == phrases.end()) same = phrases.insert(same, {std::move(words), {}});
    same->gates.push_back(number);
  }
  return number;
}

template <typename Visit>
void ContextWords::VisitHits(absl::string_view before, unsigned char next,
                             const Visit& visit) const {
  const std::size_t reach = std::min(before.size(), kContextReach);
  const absl::string_view window = before.substr(before.size() - reach);
  const bool cut_left = reach < before.size() && InWord(before[before.size() - reach - 1]);
  const auto word_before = [&](std::size_t end) {
    while (end > 0 && !InWord(window[end - 1])) --end;
    std::size_t begin = end;
    while (begin > 0 && InWord(window[begin - 1])) --begin;
    if (begin == 0 && cut_left) begin = end;  // it begins beyond reach
    return std::make_pair(begin, end);
  };
  const bool touches = kWordBytes.Contains(next) && !window.empty() && InWord(window.back());
  std::size_t upto = window.size();
  while (touches && upto > 0 && InWord(window[upto - 1])) --upto;
  for (auto [begin, end] = word_before(upto); begin < end;
       std::tie(begin, end) = word_before(begin)) {
    const absl::string_view word = window.substr(begin, end - begin);
    if (!MayEndGate(word)) continue;
    const auto found = phrases_.find(Lowered(word));
    if (found == phrases_.end()) continue;
    for (const Phrase& phrase : found->second) {
      std::size_t at = begin;
      const bool whole = std::all_of(
          phrase.words_before.rbegin(), phrase.words_before.rend(), [&](const std::string& wanted) {
            const auto [from, to] = word_before(at);
            at = from;
            return to - from == wanted.size() && Lowered(window.substr(from, to - from)) == wanted;
          });
      if (whole && visit(phrase, window.substr(end))) return;
    }
  }
}

bool ContextWords::IsOpen(std::size_t gate, absl::string_view before, unsigned char next) const {
  bool open = false;
  VisitHits(before, next, [&](const Phrase& phrase, absl::string_view between) {
    if (std::find(phrase.gates.begin(), phrase.gates.end(), gate) == phrase.gates.end()) {
      return false;
    }
    open = !gates_[gate].assigned || Assigns(between);
    return true;  // the last one decides
  });
  return open;
}

bool ContextWords::CollectOpen(absl::string_view before, unsigned char next,
                               std::vector<GateState>& states) const {
  bool any = false;
  states.assign(gates_.size(), GateState::kUnseen);
  VisitHits(before, next, [&](const Phrase& phrase, absl::string_view between) {
    for (const std::size_t gate : phrase.gates) {
      if (states[gate] != GateState::kUnseen) continue;
      const bool open = !gates_[gate].assigned || Assigns(between);
      states[gate] = open ? GateState::kOpen : GateState::kShut;
      any = any || open;
    }
    return false;
  });
  return any;
}

}  // namespace countersign::text
