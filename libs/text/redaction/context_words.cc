#include "libs/text/redaction/context_words.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "libs/text/unicode/char_folding.h"
#include "libs/text/unicode/text_fold.h"

namespace countersign::text::redaction {
namespace {

constexpr regex::ByteSet kWordBytes = ContextWords::WordBytes();

bool InWord(char byte) { return kWordBytes.Contains(static_cast<unsigned char>(byte)); }

}  // namespace

std::size_t ContextWords::UnspacedSize(absl::string_view text, std::size_t at) {
  constexpr std::size_t kSize = 3;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (at + kSize > text.size() || byte(at) < 0xE0 || byte(at) > 0xED) return 0;
  const auto continues = [&](std::size_t i) { return (byte(i) & 0xC0) == 0x80; };
  if (!continues(at + 1) || !continues(at + 2)) return 0;
  const std::uint32_t c =
      (byte(at) & 0x0FU) << 12 | (byte(at + 1) & 0x3FU) << 6 | (byte(at + 2) & 0x3FU);
  const bool thai = c >= 0x0E00 && c < 0x0F00;                                    // and Lao
  const bool khmer = (c >= 0x1780 && c < 0x1800) || (c >= 0x1000 && c < 0x10A0);  // and Myanmar
  const bool kana = c >= 0x3040 && c < 0x3130;
  const bool han = c >= 0x3400 && c < 0xA000;
  const bool hangul = c >= 0xAC00 && c < 0xD7B0;
  return thai || khmer || kana || han || hangul ? kSize : 0;
}

bool ContextWords::IsUnspaced(absl::string_view word) {
  for (std::size_t at = 0; at < word.size(); ++at) {
    if (UnspacedSize(word, at) > 0) return true;
  }
  return false;
}

std::vector<std::string> ContextWords::AddCases(const std::vector<std::string>& words) {
  std::vector<std::string> all;
  for (const std::string& word : words) {
    all.push_back(word);
    const bool ascii = std::all_of(word.begin(), word.end(), [](char byte) {
      return static_cast<unsigned char>(byte) < 0x80;
    });
    if (ascii || IsUnspaced(word)) continue;
    for (const bool all_letters : {false, true}) {
      std::string cased = unicode::ToUpper(word, all_letters);
      if (std::find(all.begin(), all.end(), cased) == all.end()) all.push_back(std::move(cased));
    }
  }
  return all;
}

bool ContextWords::BeginsPart(absl::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (at == 0 || at >= text.size() || !absl::ascii_isupper(byte(at))) return false;
  if (absl::ascii_islower(byte(at - 1)) || absl::ascii_isdigit(byte(at - 1))) return true;
  return absl::ascii_isupper(byte(at - 1)) && at + 1 < text.size() &&
         absl::ascii_islower(byte(at + 1));
}

bool ContextWords::Meets(const ProximityRule& proximity, absl::string_view word,
                         absl::string_view between) {
  return !IsReplacement(word, between) && (!proximity.assigned || Assigns(between)) &&
         (!proximity.beside || StandsBeside(word, between)) &&
         (!proximity.named || Names(word, between));
}

std::vector<std::string> ContextWords::SplitPhrase(absl::string_view phrase) {
  std::string folded;
  unicode::FoldPatches patches;
  unicode::FoldInto(phrase, true, 0, folded, patches);
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

// Hashes the first eight bytes and the last eight, which cover most words, and ignores the bit that
// distinguishes case.
std::uint64_t ContextWords::HashWord(absl::string_view word) {
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
  const std::uint64_t hash = HashWord(word);
  if (!filter_[hash % kFilter]) return kNoWord;
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  for (std::size_t at = hash & (slots_.size() - 1);; at = (at + 1) & (slots_.size() - 1)) {
    const Slot& slot = slots_[at];
    if (slot.word == kNoWord) return kNoWord;
    if (slot.tag == tag && absl::EqualsIgnoreCase(words_[slot.word].word, word)) return slot.word;
  }
}

ContextWords::Word& ContextWords::Insert(const std::string& word) {
  words_.push_back({word, {}, {}});
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
  const std::uint64_t hash = HashWord(words_[word].word);
  filter_.set(hash % kFilter);
  std::size_t at = hash & (slots_.size() - 1);
  while (slots_[at].word != kNoWord) at = (at + 1) & (slots_.size() - 1);
  slots_[at] = {static_cast<std::uint32_t>(hash >> 32), word};
}

std::size_t ContextWords::Add(const ProximityRule& proximity) {
  for (std::size_t i = 0; i < proximity_rules_.size(); ++i) {
    if (proximity_rules_[i].assigned == proximity.assigned &&
        proximity_rules_[i].beside == proximity.beside &&
        proximity_rules_[i].named == proximity.named &&
        proximity_rules_[i].compared == proximity.compared &&
        proximity_rules_[i].words == proximity.words) {
      return i;
    }
  }
  const std::size_t number = proximity_rules_.size();
  proximity_rules_.push_back(proximity);
  for (const std::string& phrase : proximity.words) {
    std::vector<std::string> words = SplitPhrase(phrase);
    if (words.empty() || words.back().size() > kContextReach) continue;
    if (IsUnspaced(words.back()) && words.back().size() <= kMaxUnspaced) {
      has_unspaced_ = true;
      unspaced_ends_.set(EndSlot(words.back(), words.back().size()));
      unspaced_lengths_.set(words.back().size());
    }
    const std::uint32_t known = Find(words.back());
    Word& last = known == kNoWord ? Insert(words.back()) : words_[known];
    words.pop_back();
    last.proximity_rules.Add(number);
    std::vector<Phrase>& phrases = last.phrases;
    auto same = std::find_if(phrases.begin(), phrases.end(),
                             [&](const Phrase& other) { return other.words_before == words; });
    if (same == phrases.end()) {
      const std::uint64_t hash = words.empty() ? 0 : HashWord(words.back());
      same = phrases.insert(same, {std::move(words), {}, hash});
    }
    same->proximity_rules.push_back(number);
  }
  return number;
}

ContextWords::Window::Window(absl::string_view before)
    : text(before), cut(before.size() - std::min(before.size(), kContextReach)) {}

std::pair<std::size_t, std::size_t> ContextWords::Window::WordBefore(std::size_t end,
                                                                     bool parts) const {
  while (end > cut && !InWord(text[end - 1])) --end;
  std::size_t begin = end;
  while (begin > cut && InWord(text[begin - 1])) {
    --begin;
    if (parts && BeginsPart(text, begin)) return {begin, end};
  }
  const bool cut_off = begin == cut && cut > 0 && InWord(text[cut - 1]);
  return {cut_off ? end : begin, end};
}

bool ContextWords::Window::HasParts(std::size_t begin, std::size_t end) const {
  for (std::size_t at = begin + 1; at < end; ++at) {
    if (BeginsPart(text.substr(0, end), at)) return true;
  }
  return false;
}

template <typename Wanted, typename Visit>
bool ContextWords::VisitPhrases(const FoundWord& last, const Window& window, const Wanted& wanted,
                                const Visit& visit) const {
  // Some words end dozens of phrases, which are distinguished by the hash of the word before.
  const auto hash_before = [&](bool parts) {
    const auto [from, to] = window.WordBefore(last.begin, parts);
    return HashWord(window.text.substr(from, to - from));
  };
  const bool by_words = !last.part;
  const bool by_parts = last.part || !window.HasParts(last.begin, last.end);
  const std::uint64_t word_hash = by_words ? hash_before(false) : 0;
  const std::uint64_t part_hash = by_parts ? hash_before(true) : 0;
  const auto follows = [&](const Phrase& phrase, bool parts) {
    std::size_t at = last.begin;
    return std::all_of(
        phrase.words_before.rbegin(), phrase.words_before.rend(), [&](const std::string& expected) {
          const auto [from, to] = window.WordBefore(at, parts);
          at = from;
          return absl::EqualsIgnoreCase(window.text.substr(from, to - from), expected);
        });
  };
  const absl::string_view text = window.text.substr(last.begin, last.end - last.begin);
  return std::any_of(last.word.phrases.begin(), last.word.phrases.end(), [&](const Phrase& phrase) {
    const bool alone = phrase.words_before.empty();
    const bool words = by_words && phrase.hash_before == word_hash;
    const bool parts = by_parts && phrase.hash_before == part_hash;
    if (!(alone || words || parts) || !wanted(phrase)) return false;
    const bool found =
        alone || (words && follows(phrase, false)) || (parts && follows(phrase, true));
    return found && visit(phrase, text, window.text.substr(last.end));
  });
}

bool ContextWords::IsMet(std::size_t proximity, absl::string_view before,
                         unsigned char next) const {
  const Window window(before);
  const bool touches = kWordBytes.Contains(next) && !before.empty() && InWord(before.back());
  const std::size_t farthest = proximity_rules_[proximity].beside ? kBesideReach : before.size();
  std::size_t upto = before.size();
  while (touches && upto > window.cut && InWord(before[upto - 1])) --upto;
  bool met = false;
  const auto decides_exactly = [&](std::size_t begin, std::size_t end, bool part) {
    const std::uint32_t word = Find(before.substr(begin, end - begin));
    if (word == kNoWord) return false;
    const auto wanted = [proximity](const Phrase& phrase) {
      return std::find(phrase.proximity_rules.begin(), phrase.proximity_rules.end(), proximity) !=
             phrase.proximity_rules.end();
    };
    const auto visit = [&](const Phrase&, absl::string_view last, absl::string_view between) {
      met = Meets(proximity_rules_[proximity], last, between);
      return true;  // the last one decides
    };
    return VisitPhrases({words_[word], begin, end, part}, window, wanted, visit);
  };
  const auto decides = [&](std::size_t begin, std::size_t end, bool part) {
    const std::size_t stem = StemSize(before.substr(begin, end - begin));
    return (begin + stem < end && decides_exactly(begin, begin + stem, part)) ||
           decides_exactly(begin, end, part);
  };
  if (touches && has_unspaced_) {
    const std::optional<bool> decided = MeetsUnspaced(proximity, window, upto, before.size());
    if (decided) return *decided;
  }
  // Visits the parts of a word from the last to the first, then the whole word.
  for (;;) {
    const auto [begin, end] = window.WordBefore(upto, false);
    if (before.size() - end > farthest) return false;
    std::size_t lowest = end;
    while (lowest > window.cut && InWord(before[lowest - 1])) --lowest;
    if (has_unspaced_ && IsUnspaced(before.substr(lowest, end - lowest))) {
      const std::optional<bool> decided = MeetsUnspaced(proximity, window, lowest, end);
      if (decided) return *decided;
      if (lowest == window.cut || end == 0) return false;
      upto = lowest;
      continue;
    }
    for (std::size_t part_end = end; part_end > lowest;) {
      const auto [from, to] = window.WordBefore(part_end, true);
      const bool proper = from < to && (from > begin || to < end || begin == end);
      if (proper && decides(from, to, true)) return met;
      if (from == to) break;
      part_end = from;
    }
    if (begin < end && decides(begin, end, false)) return met;
    if (lowest == window.cut || end == 0) return false;
    upto = lowest;
  }
}

std::optional<bool> ContextWords::MeetsUnspaced(std::size_t proximity, const Window& window,
                                                std::size_t begin, std::size_t end) const {
  std::vector<FoundSpan> found;
  FindUnspaced(window.text.substr(0, end), begin,
               [&](std::size_t from, std::size_t to, std::uint32_t word) {
                 if (from >= window.cut) found.push_back({from, to, word});
               });
  std::stable_sort(found.begin(), found.end(),
                   [](const FoundSpan& a, const FoundSpan& b) { return a.begin < b.begin; });
  for (auto last = found.rbegin(); last != found.rend(); ++last) {
    bool met = false;
    const auto wanted = [proximity](const Phrase& phrase) {
      return std::find(phrase.proximity_rules.begin(), phrase.proximity_rules.end(), proximity) !=
             phrase.proximity_rules.end();
    };
    const auto visit = [&](const Phrase&, absl::string_view text, absl::string_view between) {
      met = Meets(proximity_rules_[proximity], text, between);
      return true;
    };
    if (VisitPhrases({words_[last->word], last->begin, last->end, true}, window, wanted, visit)) {
      return met;
    }
  }
  return std::nullopt;
}

bool ContextWords::CollectMet(const std::vector<ContextHit>& hits, absl::string_view before,
                              std::uint64_t position, const ProximitySet& wanted_rules,
                              std::vector<ProximityState>& states) const {
  const Window window(before);
  const std::uint64_t from = position - before.size();
  bool any = false;
  states.assign(proximity_rules_.size(), ProximityState::kUnseen);
  for (auto hit = hits.rbegin(); hit != hits.rend() && hit->begin >= from + window.cut; ++hit) {
    if (!words_[hit->word].proximity_rules.Meets(wanted_rules)) continue;
    const std::size_t begin = hit->begin - from;
    const auto wanted = [&states](const Phrase& phrase) {
      return std::any_of(
          phrase.proximity_rules.begin(), phrase.proximity_rules.end(),
          [&](std::size_t proximity) { return states[proximity] == ProximityState::kUnseen; });
    };
    const auto visit = [&](const Phrase& phrase, absl::string_view last,
                           absl::string_view between) {
      for (const std::size_t proximity : phrase.proximity_rules) {
        if (states[proximity] != ProximityState::kUnseen) continue;
        const bool met = Meets(proximity_rules_[proximity], last, between);
        states[proximity] = met ? ProximityState::kMet : ProximityState::kUnmet;
        any = any || met;
      }
      return false;
    };
    VisitPhrases({words_[hit->word], begin, begin + hit->size, hit->part}, window, wanted, visit);
  }
  return any;
}

bool ContextWords::EndsPhrase(const ContextHit& hit, absl::string_view before) const {
  const auto any = [](const Phrase&) { return true; };
  const auto found = [](const Phrase&, absl::string_view, absl::string_view) { return true; };
  return VisitPhrases({words_[hit.word], before.size() - hit.size, before.size(), hit.part},
                      Window(before), any, found);
}

std::vector<std::size_t> ContextWords::FindProximities(absl::string_view cell) const {
  std::vector<std::size_t> found;
  const Window window(cell);
  const auto look = [&](std::size_t begin, std::size_t end, bool part) {
    const std::size_t stem = StemSize(cell.substr(begin, end - begin));
    for (const std::size_t size : {stem, end - begin}) {
      const std::uint32_t word = Find(cell.substr(begin, size));
      if (word != kNoWord) {
        const auto any = [](const Phrase&) { return true; };
        const auto add = [&](const Phrase& phrase, absl::string_view, absl::string_view) {
          found.insert(found.end(), phrase.proximity_rules.begin(), phrase.proximity_rules.end());
          return false;
        };
        VisitPhrases({words_[word], begin, begin + size, part}, window, any, add);
      }
      if (stem == end - begin) break;
    }
  };
  for (std::size_t begin = 0; begin < cell.size();) {
    std::size_t end = begin;
    while (end < cell.size() && InWord(cell[end])) ++end;
    if (end == begin) {
      ++begin;
      continue;
    }
    look(begin, end, false);
    std::size_t part = begin;
    for (std::size_t at = begin + 1; at <= end; ++at) {
      if (at < end && !BeginsPart(cell, at)) continue;
      if (part > begin || at < end) look(part, at, true);
      part = at;
    }
    begin = end;
  }
  FindUnspaced(cell, 0,
               [&](std::size_t begin, std::size_t end, std::uint32_t) { look(begin, end, true); });
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace countersign::text::redaction
