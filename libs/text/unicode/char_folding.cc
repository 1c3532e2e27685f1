#include "libs/text/unicode/char_folding.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>
#include <unicode/uspoof.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"
#include "libs/base/utf8.h"
#include "libs/text/unicode/text_fold.h"

namespace countersign::text::unicode {
namespace {

using icu::UnicodeString;

constexpr UChar32 kBrailleBlank = 0x2800;  // looks like a space; Unicode has it as a symbol

// ICU's data is linked in, so only a lack of memory can make these calls fail.
void Must(UErrorCode status) {
  if (U_SUCCESS(status)) return;
  std::fprintf(stderr, "ICU: %s\n", u_errorName(status));
  std::abort();
}

const icu::Normalizer2& CompatibilityCasefold() {
  static const icu::Normalizer2* const instance = [] {
    UErrorCode status = U_ZERO_ERROR;
    const auto* made = icu::Normalizer2::getNFKCCasefoldInstance(status);
    Must(status);
    return made;
  }();
  return *instance;
}

const icu::Normalizer2& Decomposition() {
  static const icu::Normalizer2* const instance = [] {
    UErrorCode status = U_ZERO_ERROR;
    const auto* made = icu::Normalizer2::getNFDInstance(status);
    Must(status);
    return made;
  }();
  return *instance;
}

UnicodeString Apply(const icu::Normalizer2& normalizer, const UnicodeString& text) {
  UErrorCode status = U_ZERO_ERROR;
  UnicodeString out = normalizer.normalize(text, status);
  Must(status);
  return out;
}

UnicodeString Skeleton(UChar32 code_point) {
  static const USpoofChecker* const checker = [] {
    UErrorCode status = U_ZERO_ERROR;
    const auto* made = uspoof_open(&status);
    Must(status);
    return made;
  }();
  UErrorCode status = U_ZERO_ERROR;
  UnicodeString out;
  uspoof_getSkeletonUnicodeString(checker, 0, UnicodeString(code_point), out, &status);
  Must(status);
  return out;
}

// Small capitals, which Unicode neither decomposes nor lists as confusable.
char SmallCapital(UChar32 code_point) {
  static constexpr std::pair<UChar32, char> kCapitals[] = {{0x1d00, 'a'},
                                                           {0x0299, 'b'},
                                                           {0x1d04, 'c'},
                                                           {0x1d05, 'd'},
                                                           {0x1d07, 'e'},
                                                           {0xa730, 'f'},
                                                           {0x0262, 'g'},
                                                           {0x029c, 'h'},
                                                           {0x026a, 'i'},
                                                           {0x1d0a, 'j'},
                                                           {0x1d0b, 'k'},
                                                           {0x029f, 'l'},
                                                           {0x1d0d, 'm'},
                                                           {0x0274, 'n'},
                                                           {0x1d0f, 'o'},
                                                           {0x1d18, 'p'},
                                                           {0xa7af, 'q'},
                                                           {0x0280, 'r'},
                                                           {0xa731, 's'},
                                                           {0x1d1b, 't'},
                                                           {0x1d1c, 'u'},
                                                           {0x1d20, 'v'},
                                                           {0x1d21, 'w'},
                                                           {0x028f, 'y'},
                                                           {0x1d22, 'z'},
                                                           // The skeletons of kappa and epsilon.
                                                           {0x0138, 'k'},
                                                           {0xa793, 'e'}};
  for (const auto& [capital, letter] : kCapitals) {
    if (capital == code_point) return letter;
  }
  return 0;
}

// Cherokee letters that look like ASCII and that Unicode does not call confusable.
char CherokeeLookAlike(UChar32 code_point) {
  static constexpr std::pair<UChar32, char> kLetters[] = {
      {0x13a4, 'o'}, {0x13a6, 's'}, {0x13be, 'o'}, {0x13c1, 'n'}, {0x13c6, 'i'}, {0x13c7, 'w'},
      {0x13cb, 'e'}, {0x13cc, 'u'}, {0x13cd, 'o'}, {0x13eb, 'o'}, {0x13ec, 'u'}};
  for (const auto& [looks, letter] : kLetters) {
    if (looks == code_point) return letter;
  }
  return 0;
}

// The letter in parentheses, or white on black in a circle or square, which Unicode does not
// decompose to the letter alone; 0 for other characters.
char EnclosedLetter(UChar32 code_point) {
  constexpr UChar32 kAlphabets[] = {0x249c, 0x1f110, 0x1f150, 0x1f170};
  for (const UChar32 first : kAlphabets) {
    if (code_point >= first && code_point < first + 26) {
      return static_cast<char>('a' + (code_point - first));
    }
  }
  return 0;
}

// Controls of ASCII stay: documents::DecodedText leaves them out.
UnicodeString WithoutInvisible(const UnicodeString& text) {
  UnicodeString out;
  for (int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    const UChar32 code_point = text.char32At(i);
    const bool kept = code_point < 0x80 || !IsInvisible(static_cast<std::uint32_t>(code_point));
    if (kept) out.append(code_point);
  }
  return out;
}

// Removes decoration that NFKC keeps: enclosed letters become letters, and the stretching of Arabic
// words (tatweel) is dropped.
UnicodeString WithoutDecoration(const UnicodeString& text) {
  UnicodeString out;
  for (int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    const UChar32 code_point = text.char32At(i);
    if (code_point == 0x0640) continue;
    const char letter = EnclosedLetter(code_point);
    out.append(letter != 0 ? static_cast<UChar32>(letter) : code_point);
  }
  return out;
}

bool IsMark(UChar32 code_point) {
  return (U_GET_GC_MASK(code_point) & (U_GC_MN_MASK | U_GC_ME_MASK)) != 0;
}

// Whether marks on letters of this script do not distinguish words. In Devanagari, Thai or Arabic
// they do.
bool MarksAreOrnament(UChar32 base) {
  UErrorCode status = U_ZERO_ERROR;
  switch (uscript_getScript(base, &status)) {
    case USCRIPT_LATIN:
    case USCRIPT_GREEK:
    case USCRIPT_CYRILLIC:
    case USCRIPT_COMMON:
    case USCRIPT_INHERITED: return true;
    default: return false;
  }
}

UnicodeString WithoutOrnament(const UnicodeString& text) {
  const UnicodeString decomposed = Apply(Decomposition(), text);
  UnicodeString out;
  bool ornament = true;
  for (int32_t i = 0; i < decomposed.length(); i = decomposed.moveIndex32(i, 1)) {
    const UChar32 code_point = decomposed.char32At(i);
    if (!IsMark(code_point)) {
      ornament = MarksAreOrnament(code_point);
      out.append(code_point);
    } else if (!ornament) {
      out.append(code_point);
    }
  }
  return out;
}

bool IsAscii(const UnicodeString& text) {
  for (int32_t i = 0; i < text.length(); ++i) {
    if (text.charAt(i) >= 0x80) return false;
  }
  return true;
}

// The ASCII letter in the name of a Latin letter with an addition ("LATIN SMALL LETTER C WITH
// HOOK") or turned ("LATIN SMALL LETTER TURNED A"); 0 for others.
char LetterByName(UChar32 code_point) {
  // Upside down they are e, c and f.
  if (code_point == 0x0259) return 'e';
  if (code_point == 0x0254) return 'c';
  if (code_point == 0x025f || code_point == 0x214e) return 'f';
  char bytes[96];
  UErrorCode status = U_ZERO_ERROR;
  const int32_t size = u_charName(code_point, U_UNICODE_CHAR_NAME, bytes, sizeof bytes, &status);
  if (U_FAILURE(status)) return 0;
  absl::string_view name(bytes, static_cast<std::size_t>(size));
  if (!absl::ConsumePrefix(&name, "LATIN SMALL LETTER ") &&
      !absl::ConsumePrefix(&name, "LATIN LETTER SMALL CAPITAL ")) {
    return 0;
  }
  bool turned = false;
  for (const absl::string_view how : {"SIDEWAYS ", "TURNED ", "REVERSED ", "INVERTED "}) {
    turned |= absl::ConsumePrefix(&name, how);
  }
  const bool letter = name.size() == 1 ? turned : name.substr(1, 6) == " WITH ";
  return letter ? absl::ascii_tolower(static_cast<unsigned char>(name[0])) : '\0';
}

UnicodeString PlainSkeleton(UChar32 code_point) {
  UnicodeString skeleton = Apply(CompatibilityCasefold(), Skeleton(code_point));
  return IsMark(code_point) ? skeleton : WithoutOrnament(skeleton);
}

bool IsAsciiLetter(const UnicodeString& text) {
  return text.length() == 1 && text.charAt(0) >= u'a' && text.charAt(0) <= u'z';
}

// The look-alike of one character of a casefolded, decomposed text.
UnicodeString LookAlike(UChar32 code_point) {
  if (code_point < 0x80) return UnicodeString(code_point);
  if (u_charType(code_point) == U_DECIMAL_DIGIT_NUMBER) {
    return UnicodeString(static_cast<UChar32>('0' + u_charDigitValue(code_point)));
  }
  if (code_point == kBrailleBlank) return UnicodeString(u' ');
  if (const char letter = SmallCapital(code_point); letter != 0) {
    return UnicodeString(static_cast<UChar32>(letter));
  }
  if (const char letter = CherokeeLookAlike(code_point); letter != 0) {
    return UnicodeString(static_cast<UChar32>(letter));
  }
  if (const char letter = LetterByName(code_point); letter != 0) {
    return UnicodeString(static_cast<UChar32>(letter));
  }
  const UnicodeString skeleton = PlainSkeleton(code_point);
  if (skeleton == UnicodeString(u"''"))
    return UnicodeString(u'"');  // the skeleton of every double quotation mark
  if (!u_isalpha(code_point) || IsAsciiLetter(skeleton)) return skeleton;
  // For look-alikes of ASCII capitals the skeleton is a small capital; or only the letter's capital
  // is a look-alike.
  if (skeleton.countChar32() == 1) {
    if (const char letter = SmallCapital(skeleton.char32At(0)); letter != 0) {
      return UnicodeString(static_cast<UChar32>(letter));
    }
  }
  const UnicodeString capital = PlainSkeleton(u_toupper(code_point));
  return IsAsciiLetter(capital) ? capital : skeleton;
}

void AppendSkeleton(UChar32 code_point, UnicodeString* out) {
  const UnicodeString look_alike = LookAlike(code_point);
  for (int32_t i = 0; i < look_alike.length(); ++i) {
    switch (const char16_t unit = look_alike.charAt(i)) {
      case u'0': out->append(u'o'); break;
      case u'1': out->append(u'l'); break;
      case u'm': out->append(u"rn", 2); break;
      default: out->append(unit);
    }
  }
}

void AppendFolded(UChar32 code_point, UnicodeString* out) {
  const UnicodeString look_alike = LookAlike(code_point);
  if (!IsAscii(look_alike)) {
    out->append(code_point);
  } else if (code_point >= 0x80 && look_alike == UnicodeString(u"rn")) {
    out->append(u'm');  // the skeleton of m is rn, which patterns do not contain
  } else {
    out->append(look_alike);
  }
}

bool ShedsOrnament(Form form) {
  return form == Form::kFolded || form == Form::kSkeleton || form == Form::kLeet ||
         form == Form::kJoined;
}

// The letter for which a skeleton's character is used in leetspeak. Characters that may be i or l
// become l; U+A793 is the skeleton of the euro sign.
char16_t LeetLetter(char16_t unit) {
  static constexpr std::pair<char16_t, char16_t> kLetters[] = {
      {u'3', u'e'}, {u'\ua793', u'e'}, {u'4', u'a'}, {u'@', u'a'}, {u'5', u's'},
      {u'$', u's'}, {u'7', u't'},      {u'+', u't'}, {u'!', u'l'}, {u'|', u'l'},
      {u'i', u'l'}, {u'8', u'b'},      {u'6', u'g'}, {u'9', u'g'}, {u'2', u'z'}};
  for (const auto& [sign, letter] : kLetters) {
    if (sign == unit) return letter;
  }
  return unit;
}

UnicodeString AsForm(Form form, const UnicodeString& skeleton) {
  UnicodeString out;
  for (int32_t i = 0; i < skeleton.length(); i = skeleton.moveIndex32(i, 1)) {
    const UChar32 code_point = skeleton.char32At(i);
    constexpr std::uint32_t kKept = U_GC_L_MASK | U_GC_M_MASK | U_GC_N_MASK;
    if (form == Form::kJoined && (U_GET_GC_MASK(code_point) & kKept) == 0) continue;
    if (form == Form::kLeet && code_point < 0x10000) {
      out.append(LeetLetter(static_cast<char16_t>(code_point)));
    } else {
      out.append(code_point);
    }
  }
  return out;
}

}  // namespace

std::string FoldCluster(Form form, absl::string_view cluster) {
  if (form == Form::kRaw || form == Form::kSpaced) return std::string(cluster);
  const auto source = UnicodeString::fromUTF8({cluster.data(), static_cast<int>(cluster.size())});
  UnicodeString out;
  if (form == Form::kCaseless) {
    for (int32_t i = 0; i < source.length(); i = source.moveIndex32(i, 1)) {
      const UChar32 code_point = source.char32At(i);
      // The capital of the Turkish i has no simple folding.
      out.append(code_point == 0x0130 ? UChar32{'i'} : u_foldCase(code_point, U_FOLD_CASE_DEFAULT));
    }
  } else {
    const UnicodeString visible = WithoutInvisible(source);
    const UnicodeString plain = ShedsOrnament(form) ? WithoutDecoration(visible) : visible;
    out = Apply(CompatibilityCasefold(), plain);
  }
  if (ShedsOrnament(form)) {
    const UnicodeString plain = WithoutOrnament(out);
    out.remove();
    for (int32_t i = 0; i < plain.length(); i = plain.moveIndex32(i, 1)) {
      if (form == Form::kFolded) {
        AppendFolded(plain.char32At(i), &out);
      } else {
        AppendSkeleton(plain.char32At(i), &out);
      }
    }
    if (form == Form::kLeet || form == Form::kJoined) out = AsForm(form, out);
  }
  std::string utf8;
  return out.toUTF8String(utf8);
}

bool StartsCluster(std::uint32_t code_point) {
  return CompatibilityCasefold().hasBoundaryBefore(static_cast<UChar32>(code_point)) &&
         !IsMark(static_cast<UChar32>(code_point));
}

bool IsPlainMark(std::uint32_t code_point) {
  if (!IsMark(static_cast<UChar32>(code_point))) return false;
  const UnicodeString folded =
      Apply(CompatibilityCasefold(), UnicodeString(static_cast<UChar32>(code_point)));
  for (int32_t i = 0; i < folded.length(); i = folded.moveIndex32(i, 1)) {
    if (!IsMark(folded.char32At(i))) return false;
  }
  return true;
}

bool ShedsMarks(Form form, std::uint32_t code_point) {
  if (!ShedsOrnament(form)) return false;
  const UnicodeString plain =
      Apply(Decomposition(),
            Apply(CompatibilityCasefold(), UnicodeString(static_cast<UChar32>(code_point))));
  bool sheds = true;
  for (int32_t i = 0; i < plain.length(); i = plain.moveIndex32(i, 1)) {
    if (!IsMark(plain.char32At(i))) sheds = MarksAreOrnament(plain.char32At(i));
  }
  return sheds;
}

bool IsSpace(std::uint32_t code_point) {
  return code_point == kBrailleBlank || u_isUWhiteSpace(static_cast<UChar32>(code_point)) != 0;
}

std::string ToUpper(absl::string_view text, bool all_letters) {
  std::string cased;
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Char character = DecodeUtf8(text, at);
    const bool changes = character.valid && (all_letters || at == 0);
    cased += changes ? EncodeUtf8(static_cast<std::uint32_t>(
                           u_toupper(static_cast<UChar32>(character.code_point))))
                     : std::string(text.substr(at, character.size));
    at += character.size;
  }
  return cased;
}

}  // namespace countersign::text::unicode
