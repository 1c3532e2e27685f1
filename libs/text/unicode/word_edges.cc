#include "libs/text/unicode/word_edges.h"

#include <unicode/uchar.h>
#include <unicode/uscript.h>
#include <unicode/utf8.h>

#include "libs/text/unicode/text_fold.h"

namespace countersign::text::unicode {
namespace {

enum class Side { kOpen, kWord, kUnspaced };

bool IsUnspaced(UChar32 code_point) {
  UErrorCode status = U_ZERO_ERROR;
  switch (uscript_getScript(code_point, &status)) {
    case USCRIPT_HAN:
    case USCRIPT_HIRAGANA:
    case USCRIPT_KATAKANA:
    case USCRIPT_BOPOMOFO:
    case USCRIPT_THAI:
    case USCRIPT_LAO:
    case USCRIPT_KHMER:
    case USCRIPT_MYANMAR:
    case USCRIPT_HANGUL: return true;
    default: return false;
  }
}

Side ClassifySide(UChar32 code_point) {
  constexpr std::uint32_t kWordMask = U_GC_L_MASK | U_GC_M_MASK | U_GC_N_MASK | U_GC_PC_MASK;
  if ((U_GET_GC_MASK(code_point) & kWordMask) == 0) return Side::kOpen;
  return code_point >= 0x0e00 && IsUnspaced(code_point) ? Side::kUnspaced : Side::kWord;
}

bool IsIgnorable(UChar32 code_point) {
  return code_point >= 0x80 && IsInvisible(static_cast<std::uint32_t>(code_point));
}

bool IsMark(UChar32 code_point) { return (U_GET_GC_MASK(code_point) & U_GC_M_MASK) != 0; }

// A mark before `pos` belongs to its base character, also if that is a space.
Side Before(absl::string_view text, std::size_t pos) {
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  for (auto at = static_cast<std::int32_t>(pos); at > 0;) {
    UChar32 code_point;
    U8_PREV(bytes, 0, at, code_point);
    if (code_point < 0) return Side::kOpen;
    if (!IsIgnorable(code_point) && !IsMark(code_point)) return ClassifySide(code_point);
  }
  return Side::kOpen;
}

Side After(absl::string_view text, std::size_t pos) {
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto size = static_cast<std::int32_t>(text.size());
  for (auto at = static_cast<std::int32_t>(pos); at < size;) {
    UChar32 code_point;
    U8_NEXT(bytes, at, size, code_point);
    if (code_point < 0) return Side::kOpen;
    if (!IsIgnorable(code_point)) return ClassifySide(code_point);
  }
  return Side::kOpen;
}

}  // namespace

bool IsWordEdge(absl::string_view text, std::size_t pos) {
  return Before(text, pos) != Side::kWord || After(text, pos) != Side::kWord;
}

bool EndsInWord(absl::string_view text) { return Before(text, text.size()) == Side::kWord; }

bool IsWordCharacter(std::uint32_t code_point) {
  const auto character = static_cast<UChar32>(code_point);
  return !IsIgnorable(character) && ClassifySide(character) == Side::kWord;
}

bool IsPassedByWordEdges(std::uint32_t code_point) {
  const auto character = static_cast<UChar32>(code_point);
  return IsIgnorable(character) || IsMark(character);
}

}  // namespace countersign::text::unicode
