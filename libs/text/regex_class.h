#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "libs/text/regex_parser.h"

namespace countersign::text {

// A set of Unicode code points, as a class of the regex dialect describes it, and its translation
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
  bool Empty() const { return Normalized().empty(); }

  // A node that matches the UTF-8 encoding of any one member, and, of text that is valid UTF-8,
  // nothing else.
  RegexNode ToNode() const;

 private:
  std::vector<Range> Normalized() const;  // sorted, disjoint, not adjacent, without surrogates
  std::vector<Range> ranges_;             // as they were added
};

}  // namespace countersign::text
