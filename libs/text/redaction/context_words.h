#pragma once

#include <algorithm>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/text/redaction/redaction.h"
#include "libs/text/redaction/value_readers.h"
#include "libs/text/regex/byte_set.h"

namespace countersign::text::redaction {

// A set of proximity rules by number. Rules kSize apart share a place.
class ProximitySet {
 public:
  void Add(std::size_t proximity) { bits_.set(proximity % kSize); }
  bool Meets(const ProximitySet& other) const { return (bits_ & other.bits_).any(); }

 private:
  static constexpr std::size_t kSize = 256;
  std::bitset<kSize> bits_;
};

// The context words of all rules of a set (redaction.h, ProximityRule), searched for in folded
// text. Immutable once filled; then thread-safe.
class ContextWords {
 public:
  // Returns the number of an equal proximity rule if there is one. Words are folded; a word of
  // separators only never matches.
  std::size_t Add(const ProximityRule& proximity);
  bool empty() const { return proximity_rules_.empty(); }

  // The number of a word that ends a phrase, ignoring case; kNoWord for other words.
  static constexpr std::uint32_t kNoWord = 0xFFFFFFFF;
  std::uint32_t Find(absl::string_view word) const;

  // The known words of scripts without spaces that end with a character of `text`, from `from` on:
  // calls found(begin, end, word), by end, then the longest first.
  template <typename Found>
  void FindUnspaced(absl::string_view text, std::size_t from, const Found& found) const {
    for (std::size_t end = from; has_unspaced_ && end < text.size();) {
      const std::size_t size = UnspacedSize(text, end);
      end += std::max<std::size_t>(size, 1);
      if (size == 0 || !unspaced_ends_[EndSlot(text, end)]) continue;
      for (std::size_t length = std::min(end, kMaxUnspaced); length > 0; --length) {
        if (!unspaced_lengths_[length]) continue;
        const std::uint32_t word = Find(text.substr(end - length, length));
        if (word != kNoWord) found(end - length, end, word);
      }
    }
  }

  // The size of `word` without the digits at its end; all of it if nothing else remains.
  static std::size_t StemSize(absl::string_view word) {
    std::size_t size = word.size();
    while (size > 0 && '0' <= word[size - 1] && word[size - 1] <= '9') --size;
    return size == 0 ? word.size() : size;
  }

  bool has_unspaced() const { return has_unspaced_; }
  // Whether `run`, which is a word elsewhere, is searched by FindUnspaced instead.
  bool SplitsRun(absl::string_view run) const { return has_unspaced_ && IsUnspaced(run); }

  // The size of the character at `at` if its script puts no spaces between words, or hangs endings
  // on them; otherwise 0.
  static std::size_t UnspacedSize(absl::string_view text, std::size_t at);
  // Whether `word` has such a character.
  static bool IsUnspaced(absl::string_view word);

  // The proximity rules, by number, with a phrase in `cell`, a short text of its own.
  std::vector<std::size_t> FindProximities(absl::string_view cell) const;

  // The words and their forms in upper case and with a capital first letter, as far as those
  // differ beyond ASCII.
  static std::vector<std::string> AddCases(const std::vector<std::string>& words);

  // Whether the proximity rule is met by a match that starts directly after `before`, with `next`
  // as its first byte. `before` contains at least the last kContextReach + 1 bytes before the
  // match, or all.
  bool IsMet(std::size_t proximity, absl::string_view before, unsigned char next) const;

  // The same for all proximity rules at once, by number, for a match that starts at `position`.
  // `hits` are the known words and parts of words before it, at least those within reach, ordered
  // by start, with a whole word before its first part. Words that matter to none of `wanted`
  // are left out, so rules other than those stay unseen. Returns whether any rule is met.
  enum class ProximityState : std::uint8_t { kUnseen, kUnmet, kMet };
  bool CollectMet(const std::vector<ContextHit>& hits, absl::string_view before,
                  std::uint64_t position, const ProximitySet& wanted,
                  std::vector<ProximityState>& states) const;

  // The rules with a phrase that ends with `word`.
  const ProximitySet& FindRules(std::uint32_t word) const { return words_[word].proximity_rules; }

  // False when a known word ends no phrase of any rule, whatever follows it. `before` ends with the
  // word and contains at least the kContextReach + 1 bytes before that, or all.
  bool EndsPhrase(const ContextHit& hit, absl::string_view before) const;

  // The words of a phrase, folded and in lower case.
  static std::vector<std::string> SplitPhrase(absl::string_view phrase);

  // Whether a part of a camel-case name starts at `at`, within a word of `text`: `Key` in `apiKey`,
  // `S3Key` and `APIKey`.
  static bool BeginsPart(absl::string_view text, std::size_t at);

  // The bytes of words: ASCII letters and digits, and everything beyond ASCII.
  static constexpr regex::ByteSet WordBytes() {
    return (regex::ByteSet::Word() & ~regex::ByteSet::Of("_")) | regex::ByteSet::Range(0x80, 0xFF);
  }

 private:
  // A phrase, stored under its last word.
  struct Phrase {
    std::vector<std::string> words_before;
    std::vector<std::size_t> proximity_rules;
    std::uint64_t hash_before;  // of the last word in words_before; 0 if empty
  };
  struct Word {
    std::string word;  // in lower case
    std::vector<Phrase> phrases;
    ProximitySet proximity_rules;  // of its phrases
  };
  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t word = kNoWord;
  };
  // The text before a match; its last kContextReach bytes count.
  struct Window {
    explicit Window(absl::string_view before);
    // The last word (with `parts`, the last part of a name) that ends before `end`; empty if there
    // is none or it starts out of reach.
    std::pair<std::size_t, std::size_t> WordBefore(std::size_t end, bool parts) const;
    bool HasParts(std::size_t begin, std::size_t end) const;

    absl::string_view text;
    std::size_t cut;  // start of the reach
  };

  static std::uint64_t HashWord(absl::string_view word);
  Word& Insert(const std::string& word);
  void Grow();
  void PutSlot(std::uint32_t word);

  static bool Meets(const ProximityRule& proximity, absl::string_view word,
                    absl::string_view between);

  // A word of `words_` where it stands in a window.
  struct FoundWord {
    const Word& word;
    std::size_t begin = 0;
    std::size_t end = 0;
    bool part = false;  // as a part of a name (the `Key` of `apiKey`)
  };

  // Calls visit(phrase, its last word, the text between that and the match) for every phrase that
  // ends with `last` and for which wanted(phrase) is true, until `visit` returns true; returns
  // whether it did.
  template <typename Wanted, typename Visit>
  bool VisitPhrases(const FoundWord& last, const Window& window, const Wanted& wanted,
                    const Visit& visit) const;

  static constexpr std::size_t kMaxUnspaced = 48;
  static std::size_t EndSlot(absl::string_view text, std::size_t end) {
    return (static_cast<unsigned char>(text[end - 1]) ^
            (static_cast<unsigned char>(text[end - 2]) * 5U)) &
           0xFF;
  }
  struct FoundSpan {
    std::size_t begin, end;
    std::uint32_t word;
  };
  // Decides on `proximity` by the words of scripts without spaces in [begin, end) of the window;
  // nullopt if there are none.
  std::optional<bool> MeetsUnspaced(std::size_t proximity, const Window& window, std::size_t begin,
                                    std::size_t end) const;

  bool has_unspaced_ = false;
  std::bitset<256> unspaced_ends_;  // by EndSlot
  std::bitset<kMaxUnspaced + 1> unspaced_lengths_;
  std::vector<ProximityRule> proximity_rules_;
  std::vector<Word> words_;
  static constexpr std::size_t kFilter = 32768;
  std::bitset<kFilter> filter_;  // by hash: whether there may be a word; small enough to stay near
  std::vector<Slot> slots_;      // by hash, open addressing; a power of two, never full
};

}  // namespace countersign::text::redaction
