#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/text/redaction/redaction.h"
#include "libs/text/regex/byte_set.h"

namespace countersign::text {

// Reads what stands behind a context word, up to where nothing can be assigned to it any more.
class AssignmentReader {
 public:
  // False when `byte` ends it.
  bool Read(char byte) {
    constexpr ByteSet kBeside = ByteSet::Word() | ByteSet::Of(" \t\"'`\\])");
    const bool assigns = byte == '=' || byte == ':';
    assigned_ = assigned_ || assigns;
    const bool goes_on = assigns || (byte == '>' && previous_ == '=') ||
                         kBeside.Contains(static_cast<unsigned char>(byte));
    previous_ = byte;
    return goes_on;
  }

  // What was read assigns something to the word, and a match may begin here.
  bool assigned() const { return assigned_; }

 private:
  bool assigned_ = false;
  char previous_ = 0;
};

// The context words of all rules of a set (redaction.h, ContextGate), found in folded text.
// Immutable once filled; thread-safe then.
class ContextWords {
 public:
  // The number of an equal gate if there is one. Words are folded; one that holds nothing but
  // separators never occurs.
  std::size_t Add(const ContextGate& gate);
  bool empty() const { return gates_.empty(); }

  // The word or phrase that ends with `word` may belong to some gate: a cheap test that errs on
  // this side only.
  bool MayEndGate(absl::string_view word) const {
    return !word.empty() && word.size() <= kContextReach && bloom_[BloomOf(word)];
  }

  // True when the gate is open for a match that begins right after `before`, with `next` as its
  // first byte. `before` is at least the last kContextReach + 1 bytes of what stands there, or all.
  bool IsOpen(std::size_t gate, absl::string_view before, unsigned char next) const;

  // The same for all gates at once, by their numbers. Returns whether any is open.
  enum class GateState : std::uint8_t { kUnseen, kShut, kOpen };
  bool CollectOpen(absl::string_view before, unsigned char next,
                   std::vector<GateState>& states) const;

  // The words of a phrase, folded and in lower case.
  static std::vector<std::string> WordsOf(absl::string_view phrase);

  // What words consist of: ASCII letters and digits, and everything beyond ASCII.
  static constexpr ByteSet WordBytes() {
    return (ByteSet::Word() & ~ByteSet::Of("_")) | ByteSet::Range(0x80, 0xFF);
  }

 private:
  // A phrase by the words it consists of, of which the last is the key it is stored under.
  struct Phrase {
    std::vector<std::string> words_before;
    std::vector<std::size_t> gates;
  };
  struct WordHash {
    using is_transparent = void;
    std::size_t operator()(absl::string_view word) const;
  };
  struct WordEqual {
    using is_transparent = void;
    bool operator()(absl::string_view a, absl::string_view b) const { return a == b; }
  };

  static std::size_t BloomOf(absl::string_view word);

  // Calls visit(phrase, what stands between it and the match) for every phrase in reach, the last
  // one first, until it returns true.
  template <typename Visit>
  void VisitHits(absl::string_view before, unsigned char next, const Visit& visit) const;

  std::vector<ContextGate> gates_;
  std::unordered_map<std::string, std::vector<Phrase>, WordHash, WordEqual> phrases_;
  std::array<bool, 4096> bloom_{};
};

}  // namespace countersign::text
