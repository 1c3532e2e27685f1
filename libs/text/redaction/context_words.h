#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/text/redaction/redaction.h"
#include "libs/text/regex/byte_set.h"

namespace countersign::text::redaction {

// Reads the text after a context word until nothing can be assigned to the word any more.
class AssignmentReader {
 public:
  // False when `byte` ends the assignment.
  bool Read(char byte) {
    constexpr regex::ByteSet kBeside = regex::ByteSet::Word() | regex::ByteSet::Of(" \t\"'`\\])");
    const bool assigns = byte == '=' || byte == ':';
    if (operator_begun_ && byte != '=') return false;
    operator_begun_ = byte == '?' || byte == '.';
    assigned_ = assigned_ || assigns;
    const bool goes_on = assigns || operator_begun_ || (byte == '>' && previous_ == '=') ||
                         kBeside.Contains(static_cast<unsigned char>(byte));
    previous_ = byte;
    return goes_on;
  }

  // Whether the text so far assigns something to the word, and a match may start here.
  bool assigned() const { return assigned_ && !operator_begun_; }

 private:
  bool assigned_ = false;
  bool operator_begun_ = false;  // `?` or `.`, which only `=` may follow
  char previous_ = 0;
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

  // Whether the proximity rule is met by a match that starts directly after `before`, with `next`
  // as its first byte. `before` contains at least the last kContextReach + 1 bytes before the
  // match, or all.
  bool IsMet(std::size_t proximity, absl::string_view before, unsigned char next) const;

  // The same for all proximity rules at once, by number, for a match that starts at `position`.
  // `hits` are the known words and parts of words before it, at least those within reach, ordered
  // by start, with a whole word before its first part. Returns whether any rule is met.
  enum class ProximityState : std::uint8_t { kUnseen, kUnmet, kMet };
  bool CollectMet(const std::vector<ContextHit>& hits, absl::string_view before,
                  std::uint64_t position, std::vector<ProximityState>& states) const;

  // False when a known word ends no phrase of any rule, whatever follows it. `before` ends with the
  // word and contains at least the kContextReach + 1 bytes before that, or all.
  bool EndsPhrase(const ContextHit& hit, absl::string_view before) const;

  // The words of a phrase, folded and in lower case.
  static std::vector<std::string> SplitPhrase(absl::string_view phrase);

  // Whether a part of a camel-case name starts at `at`, within a word of `text`: `Key` in `apiKey`,
  // `S3Key` and `APIKey`.
  static bool BeginsPart(absl::string_view text, std::size_t at);

  // Whether a (lower-case) word may stand between a name and its value (ProximityRule::beside).
  static bool IsLink(absl::string_view word);

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

  std::vector<ProximityRule> proximity_rules_;
  std::vector<Word> words_;
  std::vector<Slot> slots_;  // by hash, open addressing; a power of two, never full
};

}  // namespace countersign::text::redaction
