#include "libs/text/tokens/token_estimate.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "absl/strings/ascii.h"
#include "libs/base/utf8.h"

namespace countersign::text::tokens {
namespace {

// The order of the weights.
enum Script : std::size_t {
  kSymbols,
  kDigits,  // weighed by digit
  kAscii,
  kLatin,
  kGreek,
  kCyrillic,
  kSemitic,
  kIndic,
  kSoutheast,
  kHangul,
  kHan,
  kOther,
};

struct Range {
  std::uint32_t first;
  std::uint32_t last;
  Script script;
};

constexpr Range kRanges[] = {
    {0xc0, 0x2af, kLatin},     {0x370, 0x3ff, kGreek},       {0x400, 0x52f, kCyrillic},
    {0x590, 0x8ff, kSemitic},  {0x900, 0xdff, kIndic},       {0xe00, 0x109f, kSoutheast},
    {0x1100, 0x11ff, kHangul}, {0x1780, 0x17ff, kSoutheast}, {0x1e00, 0x1eff, kLatin},
    {0x1f00, 0x1fff, kGreek},  {0x2e80, 0x9fff, kHan},       {0xac00, 0xd7ff, kHangul},
    {0xf900, 0xfaff, kHan},    {0xfb1d, 0xfeff, kSemitic},   {0xff00, 0xffef, kHan},
    {0x20000, 0x3ffff, kHan},
};

// The script of a piece's first non-ASCII character.
Script ClassifyScript(absl::string_view piece) {
  Script ascii = kSymbols;
  for (std::size_t i = 0; i < piece.size(); ++i) {
    const auto byte = static_cast<unsigned char>(piece[i]);
    if (byte < 0x80) {
      if (absl::ascii_isalpha(byte)) ascii = kAscii;
      if (absl::ascii_isdigit(byte)) ascii = kDigits;
      continue;
    }
    const std::uint32_t code_point = DecodeUtf8(piece, i).code_point;
    const auto* const range =
        std::find_if(std::begin(kRanges), std::end(kRanges),
                     [&](const Range& candidate) { return code_point <= candidate.last; });
    if (range != std::end(kRanges) && code_point >= range->first) return range->script;
    const CharClass of = CharClasses::Get().At(piece, i).of;
    const bool symbol =
        of == CharClass::kOther || of == CharClass::kSpace || of == CharClass::kNumber;
    return symbol ? kSymbols : kOther;
  }
  return ascii;
}

}  // namespace

const std::array<TokenEstimate::Family, 6> TokenEstimate::kFamilies = {{
    {"claude", {98, 35, 113, 237, 305, 222, 269, 448, 239, 195, 138, 473}},
    {"deepseek", {113, 38, 100, 148, 128, 128, 116, 151, 116, 111, 73, 215}},
    {"gemini", {124, 92, 100, 89, 102, 102, 107, 76, 77, 95, 77, 100}},
    {"mistral", {108, 98, 100, 98, 106, 113, 99, 115, 121, 87, 102, 133}},
    {"qwen", {99, 100, 100, 110, 237, 151, 117, 321, 170, 106, 79, 250}},
    {"estimate", {101, 41, 100, 103, 106, 114, 116, 151, 121, 102, 94, 215}},
}};

TokenEstimate::TokenEstimate(absl::string_view name, const BytePairTokenizer& base)
    : name_(name), base_(base) {
  for (const Family& family : kFamilies) {
    if (family.name == name) weights_ = &family.weights;
  }
  if (weights_ == nullptr) std::abort();
}

std::size_t TokenEstimate::Count(absl::string_view text) const {
  return CountUpTo(text, std::numeric_limits<std::size_t>::max());
}

std::size_t TokenEstimate::CountUpTo(absl::string_view text, std::size_t limit) const {
  constexpr std::size_t kWhole = 100;
  PieceCache& cache = PieceCache::ForThread();
  std::size_t hundredths = 0;
  const auto tokens = [&] { return (hundredths + kWhole - 1) / kWhole; };
  for (std::size_t pos = 0; pos < text.size() && tokens() <= limit;) {
    const std::size_t end = base_.PieceEnd(text, pos);
    const absl::string_view piece = text.substr(pos, end - pos);
    const Script script = ClassifyScript(piece);
    const std::size_t amount = script == kDigits ? piece.size() : base_.CountPiece(piece, cache);
    hundredths += amount * (*weights_)[script];
    pos = end;
  }
  return tokens();
}

}  // namespace countersign::text::tokens
