#pragma once

#include <cstddef>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/text/regex/automaton.h"

namespace countersign::text::regex {

struct RegexSpan {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// Finds where a match lies of which only the end is known: Hyperscan reports starts at half its
// speed, and not for every pattern. Immutable; thread-safe.
class RegexSpanFinder {
 public:
  static constexpr std::size_t kMaxReach = 1 << 16;

  // INVALID_ARGUMENT as ParseRegex and BuildAutomaton.
  static absl::StatusOr<RegexSpanFinder> Create(absl::string_view pattern);

  // Of the matches that end at `end` the one that begins first, and from there to the last end that
  // a match with this begin has. It looks no further than kMaxReach each way, so the span of a
  // longer match is cut short. REQUIRES: a match ends at `end`; `text` is UTF-8.
  RegexSpan At(absl::string_view text, std::size_t end) const;

 private:
  explicit RegexSpanFinder(Automaton automaton);

  std::size_t FirstBegin(absl::string_view text, std::size_t end) const;
  std::size_t LastEnd(absl::string_view text, std::size_t begin) const;

  Automaton automaton_;
  std::vector<std::vector<std::uint32_t>> predecessors_;  // by state
};

}  // namespace countersign::text::regex
