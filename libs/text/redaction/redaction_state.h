#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "libs/text/unicode/text_fold.h"

// What a redaction remembers of the text so far. Internal to redaction*. Offsets are into the
// folded text.
namespace countersign::text::redaction {

// A state of the automaton that is active, and the earliest start that leads to it.
struct RedactionThread {
  std::uint32_t state;
  std::uint32_t start;  // since MatchState::origin
};

// A word of the text that ends a phrase of some proximity rule, and which it is
// (ContextWords::Find).
struct ContextHit {
  std::uint64_t begin;
  std::uint32_t size;
  std::uint32_t word;
  bool part;  // of a name in camel case
};

// Matches that share bytes.
struct MatchCluster {
  std::uint64_t begin, end;
  std::uint64_t lead_end;  // of the match that decides the replacement
  std::uint32_t rule;      // of that match
  bool mixed;              // holds matches of other rules too
  bool committed;          // its replacement has left already
};

struct MatchState {
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};

  // Where the earliest match could begin that may still come; kNever where none can.
  std::uint64_t EarliestStart() const {
    std::uint32_t earliest = prefix2 != 0 ? prefix2_start : ~std::uint32_t{0};
    for (const RedactionThread& thread : threads) earliest = std::min(earliest, thread.start);
    return threads.empty() && prefix2 == 0 ? kNever : origin + earliest;
  }

  std::vector<RedactionThread> threads;
  std::vector<MatchCluster> clusters;  // not released yet, in order
  std::uint64_t origin = 0;
  std::vector<ContextHit> words;    // before `words_until` that may be in reach, in order
  std::uint64_t words_until = 0;    // up to here context words were looked for
  bool guarded = false;             // some thread accepts if the next byte allows it
  std::uint16_t prefix2 = 0;        // RedactionProgram::prefix2s of the last byte …
  std::uint32_t prefix2_start = 0;  // … and where that is, since `origin`
};

struct OutputState {
  std::uint64_t emitted = 0;          // bytes that have left or been replaced
  std::uint64_t input_emitted = 0;    // the same in the original text
  unicode::FoldPatches patches;       // of what is not emitted
  std::vector<std::uint32_t> counts;  // by counter, of clusters let through; empty while none was
};

}  // namespace countersign::text::redaction
