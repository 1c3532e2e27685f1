#include "libs/text/regex/regex_class.h"

#include <unicode/uset.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <utility>

#include "libs/text/unicode/text_fold.h"
#include "libs/text/unicode/word_edges.h"

namespace countersign::text::regex {
namespace {

constexpr std::uint32_t kMaxCodePoint = 0x10FFFF;
constexpr std::uint32_t kFirstSurrogate = 0xD800;
constexpr std::uint32_t kLastSurrogate = 0xDFFF;
constexpr std::array<std::uint32_t, 5> kLengthStarts = {0, 0x80, 0x800, 0x10000, 0x110000};

using ByteSequence = std::vector<ByteSet>;

std::vector<unsigned char> Encode(std::uint32_t c, std::size_t length) {
  constexpr std::array<unsigned, 5> kLead = {0, 0, 0xC0, 0xE0, 0xF0};
  std::vector<unsigned char> bytes(length);
  for (std::size_t i = length; i-- > 1; c >>= 6) bytes[i] = 0x80 | (c & 0x3F);
  bytes[0] = static_cast<unsigned char>(kLead[length] | c);
  return bytes;
}

// Splits [first, last], whose members have one encoded length, into sequences of byte ranges.
void SplitRange(std::uint32_t first, std::uint32_t last, std::size_t length,
                std::vector<ByteSequence>& out) {
  for (std::size_t tail = 1; tail < length; ++tail) {
    const std::uint32_t mask = (std::uint32_t{1} << (6 * tail)) - 1;
    if ((first & ~mask) == (last & ~mask)) break;
    if ((first & mask) != 0) {
      SplitRange(first, first | mask, length, out);
      return SplitRange((first | mask) + 1, last, length, out);
    }
    if ((last & mask) != mask) {
      SplitRange(first, (last & ~mask) - 1, length, out);
      return SplitRange(last & ~mask, last, length, out);
    }
  }
  const auto low = Encode(first, length);
  const auto high = Encode(last, length);
  ByteSequence sequence;
  for (std::size_t i = 0; i < length; ++i) sequence.push_back(ByteSet::Range(low[i], high[i]));
  out.push_back(std::move(sequence));
}

// Joins sequences that differ in one position only: a cheap reduction of states, not the minimum.
std::vector<ByteSequence> Join(std::vector<ByteSequence> sequences, std::size_t length) {
  for (std::size_t place = length; place-- > 0;) {
    std::map<ByteSequence, ByteSet> joined;
    for (ByteSequence& sequence : sequences) {
      const ByteSet own = std::exchange(sequence[place], ByteSet());
      ByteSet& all = joined[std::move(sequence)];
      all = all | own;
    }
    sequences.clear();
    for (const auto& [rest, own] : joined) {
      sequences.push_back(rest);
      sequences.back()[place] = own;
    }
  }
  return sequences;
}

RegexNode BytesNode(const ByteSet& bytes) {
  RegexNode node;
  node.kind = RegexNode::Kind::kBytes;
  node.bytes = bytes;
  return node;
}

RegexNode SequenceNode(const ByteSequence& sequence) {
  RegexNode node;
  node.kind = RegexNode::Kind::kConcat;
  for (const ByteSet& bytes : sequence) node.children.push_back(BytesNode(bytes));
  return node;
}

}  // namespace

void CodePointSet::Add(std::uint32_t first, std::uint32_t last) {
  ranges_.emplace_back(first, last);
  const std::vector<Range> folded = unicode::FoldRanges({{first, last}});
  folded_.insert(folded_.end(), folded.begin(), folded.end());
}

void CodePointSet::AddBytes(const ByteSet& ascii) {
  for (unsigned byte = 0; byte < 0x80; ++byte) {
    if (ascii.Contains(static_cast<unsigned char>(byte))) Add(byte, byte);
  }
}

void CodePointSet::Unite(const CodePointSet& other) {
  ranges_.insert(ranges_.end(), other.ranges_.begin(), other.ranges_.end());
  folded_.insert(folded_.end(), other.folded_.begin(), other.folded_.end());
}

void CodePointSet::Complement() {
  ranges_ = Complemented(ranges_);
  folded_ = Complemented(folded_);
}

void CodePointSet::CloseOverCase() {
  ranges_ = ClosedOverCase(ranges_);
  folded_ = unicode::FoldRanges(ClosedOverCase(folded_));
}

std::vector<CodePointSet::Range> CodePointSet::Complemented(const std::vector<Range>& ranges) {
  std::vector<Range> gaps;
  std::uint32_t next = 0;
  for (const auto& [first, last] : Normalized(ranges)) {
    if (first > next) gaps.emplace_back(next, first - 1);
    next = last + 1;
  }
  if (next <= kMaxCodePoint) gaps.emplace_back(next, kMaxCodePoint);
  return gaps;
}

std::vector<CodePointSet::Range> CodePointSet::ClosedOverCase(const std::vector<Range>& ranges) {
  std::vector<Range> closed = ranges;
  USet* set = uset_openEmpty();
  for (const auto& [first, last] : ranges) {
    uset_addRange(set, static_cast<UChar32>(first), static_cast<UChar32>(last));
  }
  uset_closeOver(set, USET_CASE_INSENSITIVE);
  uset_removeAllStrings(set);  // such as "ss" for U+00DF: not a simple folding
  for (std::int32_t i = 0; i < uset_getItemCount(set); ++i) {
    UChar32 first = 0;
    UChar32 last = 0;
    UErrorCode error = U_ZERO_ERROR;
    uset_getItem(set, i, &first, &last, nullptr, 0, &error);
    closed.emplace_back(first, last);
  }
  uset_close(set);
  return closed;
}

std::vector<CodePointSet::Range> CodePointSet::Normalized(const std::vector<Range>& ranges) {
  std::vector<Range> parts;
  for (const auto& [first, last] : ranges) {
    if (first < kFirstSurrogate) parts.emplace_back(first, std::min(last, kFirstSurrogate - 1));
    if (last > kLastSurrogate) parts.emplace_back(std::max(first, kLastSurrogate + 1), last);
  }
  std::sort(parts.begin(), parts.end());
  std::vector<Range> merged;
  for (const Range& part : parts) {
    if (!merged.empty() && part.first <= merged.back().second + 1) {
      merged.back().second = std::max(merged.back().second, part.second);
    } else {
      merged.push_back(part);
    }
  }
  return merged;
}

// Of large sets both kinds are assumed.
unsigned CodePointSet::ClassifyChars(const std::vector<Range>& ranges) {
  constexpr std::uint32_t kMostClassified = 40'000;
  unsigned chars = !ranges.empty() && ranges.back().second >= 0x80 ? RegexNode::kBeyondAscii : 0;
  std::uint32_t members = 0;
  for (const auto& [first, last] : ranges) {
    members += last - first + 1;
    if (members > kMostClassified) return chars | RegexNode::kWordChars | RegexNode::kOtherChars;
    for (std::uint32_t c = first; c <= last; ++c) {
      chars |= unicode::IsWordCharacter(c) ? RegexNode::kWordChars : RegexNode::kOtherChars;
    }
  }
  return chars;
}

RegexNode CodePointSet::ToNode() const {
  const std::vector<Range> ranges = Normalized(ranges_);
  const std::vector<Range> folded = Normalized(folded_);
  RegexNode node = RangesToNode(ranges);
  node.chars = ClassifyChars(ranges);
  if (folded != ranges) {
    node.folded =
        std::make_shared<const RegexNode>(folded.empty() ? RegexNode() : RangesToNode(folded));
  }
  return node;
}

RegexNode CodePointSet::RangesToNode(const std::vector<Range>& ranges) {
  RegexNode any;
  any.kind = RegexNode::Kind::kAlternate;
  for (std::size_t length = 1; length <= 4; ++length) {
    const std::uint32_t lowest = kLengthStarts[length - 1];
    const std::uint32_t highest = kLengthStarts[length] - 1;
    std::vector<ByteSequence> sequences;
    std::uint64_t members = 0;
    for (const auto& [first, last] : ranges) {
      if (last < lowest || first > highest) continue;
      const std::uint32_t from = std::max(first, lowest);
      const std::uint32_t to = std::min(last, highest);
      members += to - from + 1;
      SplitRange(from, to, length, sequences);
    }
    const std::uint64_t surrogates = length == 3 ? kLastSurrogate - kFirstSurrogate + 1 : 0;
    if (length > 2 && members == highest - lowest + 1 - surrogates) {
      // All continuation bytes: in valid text the lead byte determines the rest.
      const ByteSet tail = ByteSet::Range(0x80, 0xBF);
      sequences = {length == 3 ? ByteSequence{ByteSet::Range(0xE0, 0xEF), tail, tail}
                               : ByteSequence{ByteSet::Range(0xF0, 0xF4), tail, tail, tail}};
    }
    for (const ByteSequence& sequence : Join(std::move(sequences), length)) {
      any.children.push_back(length == 1 ? BytesNode(sequence[0]) : SequenceNode(sequence));
    }
  }
  if (any.children.size() == 1) return RegexNode(std::move(any.children[0]));
  return any;
}

}  // namespace countersign::text::regex
