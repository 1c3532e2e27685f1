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

// Finds the start of a match whose end is known: Hyperscan reports starts at half its speed, and
// not for all patterns. Immutable; thread-safe.
class RegexSpanFinder {
 public:
  static constexpr std::size_t kMaxReach = 1 << 16;

  // INVALID_ARGUMENT as in ParseRegex and BuildAutomaton.
  static absl::StatusOr<RegexSpanFinder> Create(absl::string_view pattern);

  // The first start of the matches that end at `end`, and the last end of a match with this start.
  // Searches at most kMaxReach in each direction, so longer spans are truncated. REQUIRES: a match
  // ends at `end`; `text` is UTF-8.
  RegexSpan At(absl::string_view text, std::size_t end) const;

 private:
  explicit RegexSpanFinder(Automaton automaton);

  std::size_t FirstBegin(absl::string_view text, std::size_t end) const;
  std::size_t LastEnd(absl::string_view text, std::size_t begin) const;

  Automaton automaton_;
  std::vector<std::vector<std::uint32_t>> predecessors_;  // by state
};

}  // namespace countersign::text::regex
