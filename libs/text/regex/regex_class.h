#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "libs/text/regex/regex_parser.h"

namespace countersign::text::regex {

// A set of Unicode code points, as described by a class of the regex dialect, and its translation
// into bytes. Surrogates are never members.
class CodePointSet {
 public:
  using Range = std::pair<std::uint32_t, std::uint32_t>;  // both ends included

  void Add(std::uint32_t first, std::uint32_t last);
  void AddBytes(const ByteSet& ascii);  // the members below 0x80
  void Unite(const CodePointSet& other);
  void Complement();
  // Adds every code point whose simple case folding equals that of a member.
  void CloseOverCase();
  bool Empty() const { return Normalized(ranges_).empty(); }

  // A node that matches the UTF-8 encoding of one member and, in valid UTF-8, nothing else. Sets
  // `folded` if members fold (text_fold.h).
  RegexNode ToNode() const;

 private:
  // Sorted, disjoint, not adjacent, without surrogates.
  static std::vector<Range> Normalized(const std::vector<Range>& ranges);
  static std::vector<Range> Complemented(const std::vector<Range>& ranges);
  static std::vector<Range> ClosedOverCase(const std::vector<Range>& ranges);
  static unsigned ClassifyChars(const std::vector<Range>& ranges);
  static RegexNode RangesToNode(const std::vector<Range>& ranges);

  std::vector<Range> ranges_;  // as added
  std::vector<Range> folded_;  // their members in folded text
};

}  // namespace countersign::text::regex
