#include "libs/text/redaction/term_symbols.h"

#include <unicode/caniter.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <cstddef>
#include <set>
#include <utility>

#include "libs/text/regex/regex_class.h"
#include "libs/text/unicode/char_folding.h"
#include "libs/text/unicode/text_fold.h"

namespace countersign::text::redaction {
namespace {

// More white space than this does not match a term's space, so that endless white space is not
// held.
constexpr std::size_t kLongestSpace = 16;

constexpr char32_t kSharpS = 0xDF;
constexpr char32_t kCapitalSharpS = 0x1E9E;

regex::RegexNode MakeNode(regex::RegexNode::Kind kind, std::vector<regex::RegexNode> children) {
  regex::RegexNode node;
  node.kind = kind;
  node.children = std::move(children);
  return node;
}
regex::RegexNode Either(std::vector<regex::RegexNode> children) {
  return MakeNode(regex::RegexNode::Kind::kAlternate, std::move(children));
}

regex::RegexNode CodePoint(char32_t c, bool caseless) {
  regex::CodePointSet set;
  set.Add(c, c);
  if (caseless) set.CloseOverCase();
  return set.ToNode();
}

regex::RegexNode Sequence(const icu::UnicodeString& text) {
  std::vector<regex::RegexNode> characters;
  for (std::int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    characters.push_back(CodePoint(static_cast<char32_t>(text.char32At(i)), true));
  }
  return MakeNode(regex::RegexNode::Kind::kConcat, std::move(characters));
}

// In folded text all spaces are U+0020; line breaks are unchanged.
regex::RegexNode Spaces() {
  regex::RegexNode space = MakeNode(regex::RegexNode::Kind::kBytes, {});
  space.bytes = regex::ByteSet::Space();
  regex::RegexNode run = MakeNode(regex::RegexNode::Kind::kRepeat, {std::move(space)});
  run.min = 1;
  run.max = kLongestSpace;
  return Either(
      {std::move(run), CodePoint(0x85, false), CodePoint(0x2028, false), CodePoint(0x2029, false)});
}

// The base letter of `decomposed` if its marks may be missing, otherwise 0.
char32_t BareLetter(const icu::UnicodeString& decomposed) {
  const auto letter = static_cast<char32_t>(decomposed.char32At(0));
  std::int32_t i = decomposed.moveIndex32(0, 1);
  if (i == decomposed.length() || !unicode::ShedsMarks(unicode::Form::kFolded, letter)) return 0;
  for (; i < decomposed.length(); i = decomposed.moveIndex32(i, 1)) {
    if (!unicode::IsPlainMark(static_cast<std::uint32_t>(decomposed.char32At(i)))) return 0;
  }
  return letter;
}

// Matches a character in any composition and case, and for a letter with marks also the base
// letter.
regex::RegexNode Equivalents(char32_t c) {
  if (c < 0x80) return CodePoint(c, true);
  regex::CodePointSet alone;
  alone.Add(c, c);
  std::set<icu::UnicodeString> sequences;
  UErrorCode error = U_ZERO_ERROR;
  const auto character = static_cast<UChar32>(c);
  for (const UChar32 variant : {u_tolower(character), u_toupper(character)}) {
    icu::CanonicalIterator equivalents(icu::UnicodeString(variant), error);
    while (U_SUCCESS(error)) {
      icu::UnicodeString equivalent = equivalents.next();
      if (equivalent.isBogus()) break;
      const auto first = static_cast<char32_t>(equivalent.char32At(0));
      if (equivalent.countChar32() == 1) {
        alone.Add(first, first);
      } else {
        sequences.insert(equivalent.foldCase());
      }
    }
  }
  icu::UnicodeString decomposed;
  const icu::Normalizer2* const nfd = icu::Normalizer2::getNFDInstance(error);
  if (U_SUCCESS(error) && nfd->getDecomposition(character, decomposed)) {
    if (const char32_t letter = BareLetter(decomposed)) alone.Add(letter, letter);
  }
  alone.CloseOverCase();
  std::vector<regex::RegexNode> ways = {alone.ToNode()};
  for (const icu::UnicodeString& sequence : sequences) ways.push_back(Sequence(sequence));
  return Either(std::move(ways));
}

regex::RegexNode SharpS() {
  return Either({CodePoint(kSharpS, true), CodePoint(kCapitalSharpS, true),
                 Sequence(icu::UnicodeString("ss"))});
}

regex::RegexNode SymbolNode(std::u32string_view characters, TermFolding folding) {
  const char32_t c = characters[0];
  if (c == U' ') return Spaces();
  if (folding != TermFolding::kUnicode) return CodePoint(c, folding != TermFolding::kExact);
  if (characters == U"ss") return SharpS();
  return Equivalents(c);
}

// The characters of a term after folding, and composed where composition is ignored.
std::u32string FoldedCharacters(absl::string_view term, TermFolding folding) {
  std::string folded;
  unicode::FoldPatches patches;
  unicode::FoldInto(term, true, 0, folded, patches);
  icu::UnicodeString text = icu::UnicodeString::fromUTF8(folded);
  if (folding == TermFolding::kUnicode) {
    UErrorCode error = U_ZERO_ERROR;
    const icu::Normalizer2* const nfc = icu::Normalizer2::getNFCInstance(error);
    if (U_SUCCESS(error)) text = nfc->normalize(text, error);
  }
  std::u32string characters;
  bool spaced = false;
  for (std::int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    const UChar32 c = text.char32At(i);
    if (unicode::IsSpace(static_cast<std::uint32_t>(c))) {
      spaced = !characters.empty();
      continue;
    }
    if (std::exchange(spaced, false)) characters += U' ';
    const bool fold_case = folding != TermFolding::kExact;
    characters += static_cast<char32_t>(fold_case ? u_foldCase(c, U_FOLD_CASE_DEFAULT) : c);
  }
  return characters;
}

}  // namespace

TermSymbols TermAlphabet::Read(absl::string_view term) {
  const std::u32string characters = FoldedCharacters(term, folding_);
  const std::u32string_view all = characters;
  TermSymbols symbols;
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::u32string_view symbol = all.substr(i, 1);
    if (folding_ == TermFolding::kUnicode && all.substr(i, 2) == U"ss") {
      symbol = all.substr(i++, 2);
    } else if (folding_ == TermFolding::kUnicode && all[i] == kSharpS) {
      symbol = U"ss";
    }
    symbols.push_back(Number(symbol));
  }
  return symbols;
}

std::uint32_t TermAlphabet::Number(std::u32string_view characters) {
  const auto [known, added] = numbers_.try_emplace(std::u32string(characters),
                                                   static_cast<std::uint32_t>(automata_.size()));
  if (added) {
    patterns_.push_back(regex::Folded(regex::WithWidths(SymbolNode(characters, folding_))));
    automata_.push_back(regex::BuildAutomaton(patterns_.back()).value());
  }
  return known->second;
}

}  // namespace countersign::text::redaction
