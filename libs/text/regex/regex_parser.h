#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/text/regex/byte_set.h"

// The regex dialect of the product (CONTRACT.md): literals, classes, `.`, groups `(…)` and `(?:…)`,
// alternation, the repeats `* + ? {n} {n,} {n,m}` (a lazy `?` after them is accepted and has no
// effect, because all matches count), `(?i)` at the start of a pattern or group and `(?i:…)`, `\b
// \B \d \D \w \W \s \S`, `\t \n \r \f \v \a \e \xHH \x{H…}` and any escaped punctuation. A pattern
// is UTF-8 and matches code points of UTF-8 text; `\d \w \s \b` are ASCII; `.` matches everything
// but a line feed; `(?i)` uses Unicode's simple case folding. Look-around, back-references,
// anchors, possessive repeats, named groups, `\p{…}` and `[:posix:]` are refused. Hyperscan
// interprets every accepted pattern alike (with UTF8, DOTALL off, and CASELESS for `i`).
namespace countersign::text::regex {

// Limits on the cost of a pattern.
inline constexpr std::size_t kMaxPatternBytes = 8192;
inline constexpr std::size_t kMaxPatternDepth = 100;      // nested groups
inline constexpr std::size_t kMaxRepeat = 10'000;         // n and m of {n,m}
inline constexpr std::size_t kMaxPatternStates = 20'000;  // byte positions after expanding repeats

inline constexpr std::size_t kUnbounded = std::numeric_limits<std::size_t>::max();

// A parsed pattern as a tree over bytes: UTF-8 literals are concatenations, non-ASCII classes are
// alternations of byte ranges.
struct RegexNode {
  enum class Kind {
    kEmpty,        // matches the empty text
    kBytes,        // one byte out of `bytes`
    kConcat,       // children one after the other
    kAlternate,    // any one of the children
    kRepeat,       // children[0], `min` to `max` times (max may be kUnbounded)
    kWordEdge,     // \b
    kNotWordEdge,  // \B
  };
  Kind kind = Kind::kEmpty;
  ByteSet bytes;
  std::vector<RegexNode> children;
  std::size_t min = 0;  // of an edge: its offset in the pattern
  std::size_t max = 0;
  // The node's meaning in folded text (text_fold.h), if different; otherwise null.
  std::shared_ptr<const RegexNode> folded;
  // Of a node that matches one character: which of these its members may be. Otherwise 0.
  static constexpr unsigned kWordChars = 1;   // as IsWordCharacter (word_edges.h)
  static constexpr unsigned kOtherChars = 2;  // all others
  static constexpr unsigned kBeyondAscii = 4;
  unsigned chars = 0;
};

struct Regex {
  RegexNode root;
  std::size_t min_width = 0;  // of a match, in bytes
  std::size_t max_width = 0;  // kUnbounded when an unbounded repeat can match
};

// The narrowest and widest match of `root`, in bytes, as they belong into a Regex.
Regex WithWidths(RegexNode root);

// The same pattern for folded text.
Regex Folded(const Regex& regex);

// INVALID_ARGUMENT reads "at byte 7: reason", counted from 0 in `pattern`. Parsing takes time and
// memory in proportion to the pattern (not to its expansion).
absl::StatusOr<Regex> ParseRegex(absl::string_view pattern);

// The checks before a pattern is stored: it can be parsed, it can match, it does not match the
// empty text, and its automaton is not too large.
absl::Status CheckRegex(absl::string_view pattern);

}  // namespace countersign::text::regex
