#include "libs/text/redaction/context_words.h"

#include <algorithm>
#include <cstring>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "libs/text/unicode/text_fold.h"

namespace countersign::text {
namespace {

constexpr ByteSet kWordBytes = ContextWords::WordBytes();

bool InWord(char byte) { return kWordBytes.Contains(static_cast<unsigned char>(byte)); }

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

// Of the first eight bytes and the last eight, which are most words. A bit less of each byte, so
// that the case of letters does not count.
std::uint64_t ContextWords::HashOf(absl::string_view word) {
  const auto load = [&word](std::size_t at, std::size_t size) {
    std::uint64_t value = 0;
    std::memcpy(&value, word.data() + at, size);
    return value;
  };
  const std::size_t size = word.size();
  std::uint64_t head = 0;
  std::uint64_t tail = 0;
  if (size >= 8) {
    head = load(0, 8);
    tail = load(size - 8, 8);
  } else if (size >= 4) {
    head = load(0, 4);
    tail = load(size - 4, 4);
  } else if (size > 0) {
    head = load(0, 1) | load(size / 2, 1) << 8 | load(size - 1, 1) << 16;
  }
  constexpr std::uint64_t kCase = 0x2020202020202020;
  const std::uint64_t mixed =
      (head | kCase) * 0x9E3779B97F4A7C15 ^ ((tail | kCase) + size) * 0xC2B2AE3D27D4EB4F;
  return mixed ^ mixed >> 29;
}

std::uint32_t ContextWords::Find(absl::string_view word) const {
  if (word.empty() || word.size() > kContextReach || slots_.empty()) return kNoWord;
  const std::uint64_t hash = HashOf(word);
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  for (std::size_t at = hash & (slots_.size() - 1);; at = (at + 1) & (slots_.size() - 1)) {
    const Slot& slot = slots_[at];
    if (slot.word == kNoWord) return kNoWord;
    if (slot.tag == tag && absl::EqualsIgnoreCase(words_[slot.word].word, word)) return slot.word;
  }
}

ContextWords::Word& ContextWords::Insert(const std::string& word) {
  words_.push_back({word, {}});
  if (words_.size() * 4 > slots_.size()) {
    Grow();
    return words_.back();
  }
  PutSlot(static_cast<std::uint32_t>(words_.size() - 1));
  return words_.back();
}

void ContextWords::Grow() {
  slots_.assign(std::max<std::size_t>(64, slots_.size() * 2), Slot());
  for (std::uint32_t word = 0; word < words_.size(); ++word) PutSlot(word);
}

void ContextWords::PutSlot(std::uint32_t word) {
  const std::uint64_t hash = HashOf(words_[word].word);
  std::size_t at = hash & (slots_.size() - 1);
  while (slots_[at].word != kNoWord) at = (at + 1) & (slots_.size() - 1);
  slots_[at] = {static_cast<std::uint32_t>(hash >> 32), word};
}

std::size_t ContextWords::Add(const ContextGate& gate) {
  for (std::size_t i = 0; i < gates_.size(); ++i) {
    if (gates_[i].assigned == gate.assigned && gates_[i].words == gate.words) return i;
  }
  const std::size_t number = gates_.size();
  gates_.push_back(gate);
  for (const std::string& phrase : gate.words) {
    std::vector<std::string> words = WordsOf(phrase);
    if (words.empty() || words.back().size() > kContextReach) continue;
    const std::uint32_t known = Find(words.back());
    Word& last = known == kNoWord ? Insert(words.back()) : words_[known];
    words.pop_back();
    std::vector<Phrase>& phrases = last.phrases;
    auto same = std::find_if(phrases.begin(), phrases.end(),
                             [&](const Phrase& other) { return other.words_before == words; });
    if (same == phrases.end()) same = phrases.insert(same, {std::move(words), {}});
    same->gates.push_back(number);
  }
  return number;
}

ContextWords::Window::Window(absl::string_view before)
    : text(before.substr(before.size() - std::min(before.size(), kContextReach))),
      cut_left(text.size() < before.size() && InWord(before[before.size() - text.size() - 1])) {}

std::pair<std::size_t, std::size_t> ContextWords::Window::WordBefore(std::size_t end) const {
  while (end > 0 && !InWord(text[end - 1])) --end;
  std::size_t begin = end;
  while (begin > 0 && InWord(text[begin - 1])) --begin;
  if (begin == 0 && cut_left) begin = end;  // it begins beyond reach
  return {begin, end};
}

template <typename Visit>
bool ContextWords::VisitPhrases(const Word& word, const Window& window, std::size_t begin,
                                std::size_t end, const Visit& visit) const {
  return std::any_of(word.phrases.begin(), word.phrases.end(), [&](const Phrase& phrase) {
    std::size_t at = begin;
    const bool whole = std::all_of(
        phrase.words_before.rbegin(), phrase.words_before.rend(), [&](const std::string& wanted) {
          const auto [from, to] = window.WordBefore(at);
          at = from;
          return absl::EqualsIgnoreCase(window.text.substr(from, to - from), wanted);
        });
    return whole && visit(phrase, window.text.substr(end));
  });
}

bool ContextWords::IsOpen(std::size_t gate, absl::string_view before, unsigned char next) const {
  const Window window(before);
  const bool touches =
      kWordBytes.Contains(next) && !window.text.empty() && InWord(window.text.back());
  std::size_t upto = window.text.size();
  while (touches && upto > 0 && InWord(window.text[upto - 1])) --upto;
  bool open = false;
  for (auto [begin, end] = window.WordBefore(upto); begin < end;
       std::tie(begin, end) = window.WordBefore(begin)) {
    const std::uint32_t word = Find(window.text.substr(begin, end - begin));
    if (word == kNoWord) continue;
    const bool decided = VisitPhrases(
        words_[word], window, begin, end, [&](const Phrase& phrase, absl::string_view between) {
          if (std::find(phrase.gates.begin(), phrase.gates.end(), gate) == phrase.gates.end()) {
            return false;
          }
          open = !gates_[gate].assigned || Assigns(between);
          return true;  // the last one decides
        });
    if (decided) return open;
  }
  return false;
}

bool ContextWords::CollectOpen(const std::vector<ContextHit>& hits, absl::string_view before,
                               std::uint64_t position, std::vector<GateState>& states) const {
  const Window window(before);
  const std::uint64_t from = position - window.text.size();
  bool any = false;
  states.assign(gates_.size(), GateState::kUnseen);
  for (auto hit = hits.rbegin(); hit != hits.rend() && hit->begin >= from; ++hit) {
    const std::size_t begin = hit->begin - from;
    VisitPhrases(words_[hit->word], window, begin, begin + hit->size,
                 [&](const Phrase& phrase, absl::string_view between) {
                   for (const std::size_t gate : phrase.gates) {
                     if (states[gate] != GateState::kUnseen) continue;
                     const bool open = !gates_[gate].assigned || Assigns(between);
                     states[gate] = open ? GateState::kOpen : GateState::kShut;
                     any = any || open;
                   }
                   return false;
                 });
  }
  return any;
}

}  // namespace countersign::text
