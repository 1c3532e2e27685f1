#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "libs/text/redaction/table_reader.h"
#include "libs/text/unicode/text_fold.h"

// The state of a redaction. Internal to redaction*. Offsets refer to the folded text.
namespace countersign::text::redaction {

// An active state of the automaton, and its earliest start.
struct RedactionThread {
  std::uint32_t state;
  std::uint32_t start;  // since MatchState::origin
};

// A word of the text that ends a phrase of a proximity rule, and its number (ContextWords::Find).
struct ContextHit {
  std::uint64_t begin;
  std::uint32_t size;
  std::uint32_t word;
  bool part;  // it is a part of a camel-case name
};

// The last match of a rule with a context: its list may go on.
struct ListEnd {
  std::uint64_t begin, end;
  std::uint32_t rule;
  bool same_line;  // the word that opened the list stands on the line of its first match
};

// Matches that share bytes.
struct MatchCluster {
  std::uint64_t begin, end;
  std::uint64_t lead_end;  // end of the match that determines the replacement
  std::uint32_t rule;      // of that match
  bool mixed;              // holds matches of other rules too
  bool committed;          // its replacement was released
};

struct MatchState {
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};

  // The earliest possible start of a match still to come; kNever if there is none.
  std::uint64_t EarliestStart() const {
    std::uint32_t earliest = prefix2 != 0 ? prefix2_start : ~std::uint32_t{0};
    for (const RedactionThread& thread : threads) earliest = std::min(earliest, thread.start);
    return threads.empty() && prefix2 == 0 ? kNever : origin + earliest;
  }

  std::vector<RedactionThread> threads;
  std::vector<MatchCluster> clusters;  // not released yet, in order
  std::uint64_t origin = 0;
  std::vector<ContextHit> words;     // before `words_until` that may be in reach, in order
  std::uint64_t words_until = 0;     // context words before this offset were searched
  std::uint64_t unspaced_until = 0;  // the same for words of scripts without spaces
  std::vector<ListEnd> lists;        // whose next item may still come …
  std::uint64_t lists_until = 0;     // … before this offset
  TableReader table;                 // the table that the text before `table_until` is in
  std::uint64_t table_until = 0;
  bool guarded = false;             // some thread accepts if the next byte allows it
  std::uint16_t prefix2 = 0;        // RedactionProgram::prefix2s of the last byte …
  std::uint32_t prefix2_start = 0;  // … and where that is, since `origin`
};

struct OutputState {
  std::uint64_t emitted = 0;          // bytes released or replaced
  std::uint64_t input_emitted = 0;    // the same in the original text
  unicode::FoldPatches patches;       // for the unreleased text
  std::vector<std::uint32_t> counts;  // released clusters by counter; empty while there are none
};

}  // namespace countersign::text::redaction
