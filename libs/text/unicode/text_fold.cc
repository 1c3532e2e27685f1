#include "libs/text/unicode/text_fold.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "libs/base/utf8.h"
#include "libs/text/unicode/written_escapes.h"

namespace countersign::text::unicode {
namespace {

constexpr unsigned char kDrop = 0x80;
constexpr unsigned char kSame = 0x81;

struct FoldRange {
  std::uint32_t first, last;
  unsigned char to;     // kDrop, or the folding of `first` …
  bool counts = false;  // … and whether the others fold to its successors
};

// From the Unicode Character Database 15.0.0 (General_Category, Default_Ignorable_Code_Point,
// Decomposition_Type, Numeric_Type); text_fold_test.cc compares it with ICU.
// Lines through, over and under characters, and marks for symbols: no letter is made of them.
constexpr FoldRange kStrokes[] = {
    {0x305, 0x305, kDrop},
    {0x332, 0x337, kDrop},
    {0x33F, 0x33F, kDrop},
    {0x20D0, 0x20F0, kDrop},
};
constexpr FoldRange kRanges[] = {
    // Controls, the ends of lines and paragraphs, the blank of Braille, interlinear annotation.
    {0x00, 0x08, kDrop},
    {0x0E, 0x1F, kDrop},
    {0x7F, 0x84, kDrop},
    {0x85, 0x85, ' '},
    {0x86, 0x9F, kDrop},
    {0x2028, 0x2029, ' '},
    {0x2800, 0x2800, ' '},
    {0xFFF9, 0xFFFB, kDrop},
    // The long s and the Kelvin sign: s and K without case.
    {0x17F, 0x17F, 's'},
    {0x212A, 0x212A, 'K'},
    {0xA0, 0xA0, ' '},
    {0xAD, 0xAD, kDrop},
    {0x34F, 0x34F, kDrop},
    {0x58A, 0x58A, '-'},
    {0x5BE, 0x5BE, '-'},
    {0x61C, 0x61C, kDrop},
    {0x660, 0x669, '0', true},
    {0x6F0, 0x6F9, '0', true},
    {0x7C0, 0x7C9, '0', true},
    {0x966, 0x96F, '0', true},
    {0x9E6, 0x9EF, '0', true},
    {0xA66, 0xA6F, '0', true},
    {0xAE6, 0xAEF, '0', true},
    {0xB66, 0xB6F, '0', true},
    {0xBE6, 0xBEF, '0', true},
    {0xC66, 0xC6F, '0', true},
    {0xCE6, 0xCEF, '0', true},
    {0xD66, 0xD6F, '0', true},
    {0xDE6, 0xDEF, '0', true},
    {0xE50, 0xE59, '0', true},
    {0xED0, 0xED9, '0', true},
    {0xF20, 0xF29, '0', true},
    {0x1040, 0x1049, '0', true},
    {0x1090, 0x1099, '0', true},
    {0x115F, 0x1160, kDrop},
    {0x1400, 0x1400, '-'},
    {0x1680, 0x1680, ' '},
    {0x17B4, 0x17B5, kDrop},
    {0x17E0, 0x17E9, '0', true},
    {0x1806, 0x1806, '-'},
    {0x180B, 0x180F, kDrop},
    {0x1810, 0x1819, '0', true},
    {0x1946, 0x194F, '0', true},
    {0x19D0, 0x19D9, '0', true},
    {0x1A80, 0x1A89, '0', true},
    {0x1A90, 0x1A99, '0', true},
    {0x1B50, 0x1B59, '0', true},
    {0x1BB0, 0x1BB9, '0', true},
    {0x1C40, 0x1C49, '0', true},
    {0x1C50, 0x1C59, '0', true},
    {0x2000, 0x200A, ' '},
    {0x200B, 0x200F, kDrop},
    {0x2010, 0x2015, '-'},
    {0x202A, 0x202E, kDrop},
    {0x202F, 0x202F, ' '},
    {0x205F, 0x205F, ' '},
    {0x2060, 0x206F, kDrop},
    {0x2102, 0x2102, 'C'},
    {0x210A, 0x210A, 'g'},
    {0x210B, 0x210D, 'H'},
    {0x210E, 0x210E, 'h'},
    {0x2110, 0x2111, 'I'},
    {0x2112, 0x2112, 'L'},
    {0x2113, 0x2113, 'l'},
    {0x2115, 0x2115, 'N'},
    {0x2119, 0x211B, 'P', true},
    {0x211C, 0x211D, 'R'},
    {0x2124, 0x2124, 'Z'},
    {0x2128, 0x2128, 'Z'},
    {0x212C, 0x212D, 'B', true},
    {0x212F, 0x212F, 'e'},
    {0x2130, 0x2131, 'E', true},
    {0x2133, 0x2133, 'M'},
    {0x2134, 0x2134, 'o'},
    {0x2139, 0x2139, 'i'},
    {0x2145, 0x2145, 'D'},
    {0x2146, 0x2147, 'd', true},
    {0x2148, 0x2149, 'i', true},
    {0x2212, 0x2212, '-'},
    {0x2460, 0x2468, '1', true},
    {0x24B6, 0x24CF, 'A', true},
    {0x24D0, 0x24E9, 'a', true},
    {0x24EA, 0x24EA, '0'},
    {0x24F5, 0x24FD, '1', true},
    {0x24FF, 0x24FF, '0'},
    {0x2776, 0x277E, '1', true},
    {0x2780, 0x2788, '1', true},
    {0x278A, 0x2792, '1', true},
    {0x2E17, 0x2E17, '-'},
    {0x2E1A, 0x2E1A, '-'},
    {0x2E3A, 0x2E3B, '-'},
    {0x2E40, 0x2E40, '-'},
    {0x2E5D, 0x2E5D, '-'},
    {0x3000, 0x3000, ' '},
    {0x301C, 0x301C, '-'},
    {0x3030, 0x3030, '-'},
    {0x30A0, 0x30A0, '-'},
    {0x3164, 0x3164, kDrop},
    {0xA620, 0xA629, '0', true},
    {0xA8D0, 0xA8D9, '0', true},
    {0xA900, 0xA909, '0', true},
    {0xA9D0, 0xA9D9, '0', true},
    {0xA9F0, 0xA9F9, '0', true},
    {0xAA50, 0xAA59, '0', true},
    {0xABF0, 0xABF9, '0', true},
    {0xFB29, 0xFB29, '+'},
    {0xFDD0, 0xFDD0, kStringEdge},
    {0xFE00, 0xFE0F, kDrop},
    {0xFE31, 0xFE32, '-'},
    {0xFE50, 0xFE50, ','},
    {0xFE52, 0xFE52, '.'},
    {0xFE54, 0xFE54, ';'},
    {0xFE55, 0xFE55, ':'},
    {0xFE56, 0xFE56, '?'},
    {0xFE57, 0xFE57, '!'},
    {0xFE58, 0xFE58, '-'},
    {0xFE59, 0xFE5A, '(', true},
    {0xFE5B, 0xFE5B, '{'},
    {0xFE5C, 0xFE5C, '}'},
    {0xFE5F, 0xFE5F, '#'},
    {0xFE60, 0xFE60, '&'},
    {0xFE61, 0xFE62, '*', true},
    {0xFE63, 0xFE63, '-'},
    {0xFE64, 0xFE64, '<'},
    {0xFE65, 0xFE65, '>'},
    {0xFE66, 0xFE66, '='},
    {0xFE68, 0xFE68, '\\'},
    {0xFE69, 0xFE6A, '$', true},
    {0xFE6B, 0xFE6B, '@'},
    {0xFEFF, 0xFEFF, kDrop},
    {0xFF01, 0xFF5E, '!', true},
    {0xFFA0, 0xFFA0, kDrop},
    {0xFFF0, 0xFFF8, kDrop},
    {0x104A0, 0x104A9, '0', true},
    {0x10D30, 0x10D39, '0', true},
    {0x10EAD, 0x10EAD, '-'},
    {0x11066, 0x1106F, '0', true},
    {0x110F0, 0x110F9, '0', true},
    {0x11136, 0x1113F, '0', true},
    {0x111D0, 0x111D9, '0', true},
    {0x112F0, 0x112F9, '0', true},
    {0x11450, 0x11459, '0', true},
    {0x114D0, 0x114D9, '0', true},
    {0x11650, 0x11659, '0', true},
    {0x116C0, 0x116C9, '0', true},
    {0x11730, 0x11739, '0', true},
    {0x118E0, 0x118E9, '0', true},
    {0x11950, 0x11959, '0', true},
    {0x11C50, 0x11C59, '0', true},
    {0x11D50, 0x11D59, '0', true},
    {0x11DA0, 0x11DA9, '0', true},
    {0x11F50, 0x11F59, '0', true},
    {0x16A60, 0x16A69, '0', true},
    {0x16AC0, 0x16AC9, '0', true},
    {0x16B50, 0x16B59, '0', true},
    {0x1BCA0, 0x1BCA3, kDrop},
    {0x1D173, 0x1D17A, kDrop},
    {0x1D400, 0x1D419, 'A', true},
    {0x1D41A, 0x1D433, 'a', true},
    {0x1D434, 0x1D44D, 'A', true},
    {0x1D44E, 0x1D454, 'a', true},
    {0x1D456, 0x1D467, 'i', true},
    {0x1D468, 0x1D481, 'A', true},
    {0x1D482, 0x1D49B, 'a', true},
    {0x1D49C, 0x1D49C, 'A'},
    {0x1D49E, 0x1D49F, 'C', true},
    {0x1D4A2, 0x1D4A2, 'G'},
    {0x1D4A5, 0x1D4A6, 'J', true},
    {0x1D4A9, 0x1D4AC, 'N', true},
    {0x1D4AE, 0x1D4B5, 'S', true},
    {0x1D4B6, 0x1D4B9, 'a', true},
    {0x1D4BB, 0x1D4BB, 'f'},
    {0x1D4BD, 0x1D4C3, 'h', true},
    {0x1D4C5, 0x1D4CF, 'p', true},
    {0x1D4D0, 0x1D4E9, 'A', true},
    {0x1D4EA, 0x1D503, 'a', true},
    {0x1D504, 0x1D505, 'A', true},
    {0x1D507, 0x1D50A, 'D', true},
    {0x1D50D, 0x1D514, 'J', true},
    {0x1D516, 0x1D51C, 'S', true},
    {0x1D51E, 0x1D537, 'a', true},
    {0x1D538, 0x1D539, 'A', true},
    {0x1D53B, 0x1D53E, 'D', true},
    {0x1D540, 0x1D544, 'I', true},
    {0x1D546, 0x1D546, 'O'},
    {0x1D54A, 0x1D550, 'S', true},
    {0x1D552, 0x1D56B, 'a', true},
    {0x1D56C, 0x1D585, 'A', true},
    {0x1D586, 0x1D59F, 'a', true},
    {0x1D5A0, 0x1D5B9, 'A', true},
    {0x1D5BA, 0x1D5D3, 'a', true},
    {0x1D5D4, 0x1D5ED, 'A', true},
    {0x1D5EE, 0x1D607, 'a', true},
    {0x1D608, 0x1D621, 'A', true},
    {0x1D622, 0x1D63B, 'a', true},
    {0x1D63C, 0x1D655, 'A', true},
    {0x1D656, 0x1D66F, 'a', true},
    {0x1D670, 0x1D689, 'A', true},
    {0x1D68A, 0x1D6A3, 'a', true},
    {0x1D7CE, 0x1D7D7, '0', true},
    {0x1D7D8, 0x1D7E1, '0', true},
    {0x1D7E2, 0x1D7EB, '0', true},
    {0x1D7EC, 0x1D7F5, '0', true},
    {0x1D7F6, 0x1D7FF, '0', true},
    {0x1E140, 0x1E149, '0', true},
    {0x1E2F0, 0x1E2F9, '0', true},
    {0x1E4F0, 0x1E4F9, '0', true},
    {0x1E950, 0x1E959, '0', true},
    {0x1F12B, 0x1F12B, 'C'},
    {0x1F12C, 0x1F12C, 'R'},
    {0x1FBF0, 0x1FBF9, '0', true},
    {0xE0000, 0xE0FFF, kDrop},
};

constexpr std::uint32_t kCodePoints = 0x110000;

class FoldTable {
 public:
  static const FoldTable& Get() {
    static const auto* const table = new FoldTable;
    return *table;
  }

  unsigned char Of(std::uint32_t code_point) const {
    return blocks_[stage_[code_point >> 8]][code_point & 0xFF];
  }
  // Whether a sequence with this lead byte may fold.
  bool MayFold(unsigned char lead) const { return leads_[lead]; }

 private:
  using Block = std::array<unsigned char, 256>;

  FoldTable() {
    Block same;
    same.fill(kSame);
    blocks_.push_back(same);
    for (const FoldRange& range : kRanges) Add(range);
    for (const FoldRange& range : kStrokes) Add(range);
    for (const char introducer : kEscapeIntroducers) {
      leads_[static_cast<unsigned char>(introducer)] = true;
    }
  }

  void Add(const FoldRange& range) {
    for (std::uint32_t c = range.first; c <= range.last; ++c) {
      std::uint8_t& number = stage_[c >> 8];
      if (number == 0) {
        number = static_cast<std::uint8_t>(blocks_.size());
        blocks_.push_back(blocks_.front());
      }
      const std::uint32_t step = range.counts ? c - range.first : 0;
      blocks_[number][c & 0xFF] = static_cast<unsigned char>(range.to + step);
      leads_[c < 0x80      ? c
             : c < 0x800   ? 0xC0 | (c >> 6)
             : c < 0x10000 ? 0xE0 | (c >> 12)
                           : 0xF0 | (c >> 18)] = true;
    }
  }

  std::array<std::uint8_t, (kCodePoints >> 8)> stage_{};
  std::vector<Block> blocks_;
  std::array<bool, 256> leads_{};
};

// Whether `bytes`, an incomplete sequence, may be completed by further bytes.
bool IsUnfinished(absl::string_view bytes) {
  const auto lead = static_cast<unsigned char>(bytes[0]);
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || bytes.size() >= length) return false;
  std::string completed(bytes);
  // After some leads the second byte has narrower bounds; one of these is within them.
  for (const char second : {'\x80', '\x90', '\xA0'}) {
    completed.resize(bytes.size());
    if (completed.size() == 1) completed += second;
    completed.resize(length, '\x80');
    if (DecodeUtf8(completed, 0).valid) return true;
  }
  return false;
}

}  // namespace

int FoldCodePoint(std::uint32_t code_point) {
  if (code_point >= kCodePoints) return kFoldsToItself;
  const unsigned char to = FoldTable::Get().Of(code_point);
  return to == kSame ? kFoldsToItself : to == kDrop ? kFoldsToNothing : to;
}

bool IsInvisible(std::uint32_t code_point) {
  const bool stroke =
      std::any_of(std::begin(kStrokes), std::end(kStrokes), [&](const FoldRange& range) {
        return code_point >= range.first && code_point <= range.last;
      });
  return FoldCodePoint(code_point) == kFoldsToNothing && !stroke;
}

std::vector<CodePointRange> FoldRanges(const std::vector<CodePointRange>& ranges) {
  constexpr std::uint32_t kWidest = 256;
  std::vector<CodePointRange> folded;
  for (const auto& [first, last] : ranges) {
    if ((first >= 0x20 && last < 0x7F) || last - first >= kWidest) {
      folded.emplace_back(first, last);
      continue;
    }
    for (std::uint32_t c = first; c <= last; ++c) {
      const bool edge = c == kStringEdge || c == kEscapedQuote || c == kEscapedMark;
      const int to = edge ? kFoldsToItself : FoldCodePoint(c);
      if (to == kFoldsToNothing) continue;
      const std::uint32_t member = to == kFoldsToItself ? c : static_cast<std::uint32_t>(to);
      folded.emplace_back(member, member);
    }
  }
  return folded;
}

void FoldPatches::Add(std::uint64_t at, absl::string_view original, bool replaced) {
  originals_.append(original.data(), original.size());
  extra_ += original.size() - (replaced ? 1 : 0);
  const auto size = static_cast<std::uint32_t>(original.size());
  if (!replaced && !empty() && patches_.back().at == at && !patches_.back().replaces) {
    patches_.back().size += size;
  } else {
    patches_.push_back({at, size, replaced});
  }
}

void FoldPatches::Take(absl::string_view folded, std::uint64_t from, std::uint64_t to,
                       bool with_edge, std::string* original) {
  std::uint64_t done = from;
  for (; next_ < patches_.size(); ++next_) {
    const Patch& patch = patches_[next_];
    const bool within = patch.at < to || (with_edge && patch.at == to && !patch.replaces);
    if (!within) break;
    original->append(folded.data() + (done - from), patch.at - done);
    original->append(originals_, taken_, patch.size);
    taken_ += patch.size;
    extra_ -= patch.size - (patch.replaces ? 1 : 0);
    done = patch.at + (patch.replaces ? 1 : 0);
  }
  original->append(folded.data() + (done - from), to - done);
}

std::uint64_t FoldPatches::Locate(std::uint64_t folded, std::uint64_t from, std::uint64_t original,
                                  bool up) const {
  for (std::size_t i = next_; i < patches_.size(); ++i) {
    const Patch& patch = patches_[i];
    const std::uint64_t begin = from + (patch.at - folded);
    if (original <= begin) break;
    folded = patch.at;
    from = begin + patch.size;
    if (original < from) return folded + (patch.replaces && up ? 1 : 0);
    folded += patch.replaces ? 1 : 0;
  }
  return folded + (original - from);
}

void FoldPatches::Compact() {
  if (next_ == 0) return;
  if (empty()) {
    *this = FoldPatches();
    return;
  }
  patches_.erase(patches_.begin(), patches_.begin() + static_cast<std::ptrdiff_t>(next_));
  originals_.erase(0, taken_);
  next_ = 0;
  taken_ = 0;
}

std::size_t PlainAsciiPrefix(absl::string_view text) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080, kOnes = 0x0101010101010101;
  const FoldTable& table = FoldTable::Get();
  std::size_t at = 0;
  const auto skip_plain = [&](std::size_t end) {
    while (at < end && static_cast<unsigned char>(text[at]) < 0x80 &&
           !table.MayFold(static_cast<unsigned char>(text[at]))) {
      ++at;
    }
    return at == end;
  };
  while (at + 8 <= text.size()) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    // Bytes beyond ASCII, DEL, below the space, % or & (which differ in one bit of the next
    // number) and \. Each test may also report bytes above such.
    const std::uint64_t next = word + kOnes;
    const std::uint64_t percent = (next | kOnes) ^ (kOnes * ('&' | 1));
    const std::uint64_t backslash = word ^ (kOnes * '\\');
    const std::uint64_t unusual =
        (word | next | (word - kOnes * 0x20) | ((percent - kOnes) & ~percent) |
         ((backslash - kOnes) & ~backslash)) &
        kHighBits;
    if (unusual == 0) {
      at += 8;
    } else if (!skip_plain(at + 8)) {
      return at;
    }
  }
  skip_plain(text.size());
  return at;
}

std::size_t FoldInto(absl::string_view text, bool end, std::uint64_t base, std::string& folded,
                     FoldPatches& patches) {
  const FoldTable& table = FoldTable::Get();
  std::size_t copied = 0;
  const auto copy_until = [&](std::size_t at) {
    folded.append(text.data() + copied, at - copied);
    copied = at;
  };
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    if (lead < 0x80 && !table.MayFold(lead)) {
      at += PlainAsciiPrefix(text.substr(at));
      continue;
    }
    if (!table.MayFold(lead)) {
      ++at;
      continue;
    }
    if (lead < 0x80) {
      const WrittenEscape escape = ReadWrittenEscape(text.substr(at));
      if (escape.unfinished && !end) {
        copy_until(at);
        return at;
      }
      if (escape.size > 0) {
        copy_until(at);
        patches.Add(base + folded.size(), text.substr(at, escape.size), true);
        folded += escape.meaning;
        at += escape.size;
        copied = at;
        continue;
      }
    }
    const Utf8Char character = DecodeUtf8(text, at);
    if (!character.valid) {
      if (!end && IsUnfinished(text.substr(at))) {
        copy_until(at);
        return at;
      }
      ++at;
      continue;
    }
    const unsigned char to = table.Of(character.code_point);
    if (to != kSame) {
      copy_until(at);
      patches.Add(base + folded.size(), text.substr(at, character.size), to != kDrop);
      if (to != kDrop) folded += static_cast<char>(to);
      copied = at + character.size;
    }
    at += character.size;
  }
  copy_until(text.size());
  return text.size();
}

}  // namespace countersign::text::unicode
