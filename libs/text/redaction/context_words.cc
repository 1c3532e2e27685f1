#include "libs/text/redaction/context_words.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <set>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "libs/text/unicode/text_fold.h"

namespace countersign::text::redaction {
namespace {

constexpr regex::ByteSet kWordBytes = ContextWords::WordBytes();

bool InWord(char byte) { return kWordBytes.Contains(static_cast<unsigned char>(byte)); }

// `between` is the text between a context word and a match.
bool Assigns(absl::string_view between) {
  AssignmentReader reader;
  for (const char byte : between) {
    if (!reader.Read(byte)) return false;
  }
  return reader.assigned();
}

std::size_t CountCharacters(absl::string_view word) {
  return static_cast<std::size_t>(std::count_if(word.begin(), word.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  }));
}

bool HasLower(absl::string_view word) {
  return std::any_of(word.begin(), word.end(),
                     [](char byte) { return 'a' <= byte && byte <= 'z'; });
}

// `between` is the text between the context word `last` and a match.
bool StandsBeside(absl::string_view last, absl::string_view between) {
  constexpr std::size_t kAbbreviation = 4;  // `tel.`, `no.`: not the end of a sentence
  if (between.size() > kBesideReach) return false;
  const std::size_t line = between.rfind('\n');
  const std::size_t before_line =
      line == between.npos ? line : between.find_last_not_of(" \n", line);
  const bool tag = before_line != between.npos && between[before_line] == '>';
  if (line != between.npos && !tag && between.find_first_of("=:", line) == between.npos) {
    return false;
  }
  std::size_t marks = 0;  // consecutive, since the last word
  bool joined = true;     // by at most one character that names may contain
  for (std::size_t i = 0; i < between.size();) {
    if (InWord(between[i])) {
      const std::size_t begin = i;
      while (i < between.size() && InWord(between[i])) ++i;
      last = between.substr(begin, i - begin);
      if (!joined && !ContextWords::IsLink(absl::AsciiStrToLower(last))) return false;
      joined = true;
      marks = 0;
      continue;
    }
    const char byte = between[i];
    const char next = i + 1 < between.size() ? between[i + 1] : 'x';
    const bool stop =
        byte == '.' && !InWord(next) && next != '=' && CountCharacters(last) > kAbbreviation;
    const bool arrow = i > 0 && (between[i - 1] == '=' || between[i - 1] == '-');
    if (byte == '>' && !arrow && !HasLower(last)) return false;  // part of a replacement: `<PIN>`
    if (byte == ';' || (byte == '?' && next != '=') || stop || (byte == '\n' && next == '\n'))
      return false;
    joined = joined && ++marks == 1 && (byte == '_' || byte == '-' || byte == '.');
    ++i;
  }
  return true;
}

}  // namespace

bool ContextWords::IsLink(absl::string_view word) {
  static const auto* const links = new std::set<std::string, std::less<>>{
      "is",     "are", "was", "be",   "to",     "as",      "at",   "on",    "of",   "for",    "me",
      "from",   "us",  "my",  "your", "our",    "the",     "here", "now",   "new",  "via",    "or",
      "no",     "nr",  "num", "id",   "number", "numbers", "code", "value", "name", "string", "str",
      "equals", "ist", "est", "es",   "lautet", "är",      "er",   "é",     "è"};
  return links->contains(std::string_view(word.data(), word.size()));
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
  return (!proximity.assigned || Assigns(between)) &&
         (!proximity.beside || StandsBeside(word, between));
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
  const std::uint64_t hash = HashWord(words_[word].word);
  std::size_t at = hash & (slots_.size() - 1);
  while (slots_[at].word != kNoWord) at = (at + 1) & (slots_.size() - 1);
  slots_[at] = {static_cast<std::uint32_t>(hash >> 32), word};
}

std::size_t ContextWords::Add(const ProximityRule& proximity) {
  for (std::size_t i = 0; i < proximity_rules_.size(); ++i) {
    if (proximity_rules_[i].assigned == proximity.assigned &&
        proximity_rules_[i].beside == proximity.beside &&
        proximity_rules_[i].words == proximity.words) {
      return i;
    }
  }
  const std::size_t number = proximity_rules_.size();
  proximity_rules_.push_back(proximity);
  for (const std::string& phrase : proximity.words) {
    std::vector<std::string> words = SplitPhrase(phrase);
    if (words.empty() || words.back().size() > kContextReach) continue;
    const std::uint32_t known = Find(words.back());
    Word& last = known == kNoWord ? Insert(words.back()) : words_[known];
    words.pop_back();
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
  std::size_t upto = before.size();
  while (touches && upto > window.cut && InWord(before[upto - 1])) --upto;
  bool met = false;
  const auto decides = [&](std::size_t begin, std::size_t end, bool part) {
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
  // Visits the parts of a word from the last to the first, then the whole word.
  for (;;) {
    const auto [begin, end] = window.WordBefore(upto, false);
    std::size_t lowest = end;
    while (lowest > window.cut && InWord(before[lowest - 1])) --lowest;
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

bool ContextWords::CollectMet(const std::vector<ContextHit>& hits, absl::string_view before,
                              std::uint64_t position, std::vector<ProximityState>& states) const {
  const Window window(before);
  const std::uint64_t from = position - before.size();
  bool any = false;
  states.assign(proximity_rules_.size(), ProximityState::kUnseen);
  for (auto hit = hits.rbegin(); hit != hits.rend() && hit->begin >= from + window.cut; ++hit) {
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

}  // namespace countersign::text::redaction
