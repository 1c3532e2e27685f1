#include "libs/text/regex/regex_parser.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "libs/base/hex_digits.h"
#include "libs/base/status.h"
#include "libs/base/utf8.h"
#include "libs/text/regex/automaton.h"
#include "libs/text/regex/regex_class.h"

namespace countersign::text::regex {
namespace {

constexpr std::uint32_t kEnd = 0xFFFFFFFF;
constexpr std::uint32_t kInvalid = 0xFFFFFFFE;

std::size_t SaturatingAdd(std::size_t a, std::size_t b) {
  return a > kUnbounded - b ? kUnbounded : a + b;
}
std::size_t SaturatingMultiply(std::size_t a, std::size_t b) {
  if (a == 0 || b == 0) return 0;
  return a > kUnbounded / b ? kUnbounded : a * b;
}

// The number of byte positions of `node` with its repeats expanded.
std::size_t CountStates(const RegexNode& node) {
  if (node.kind == RegexNode::Kind::kBytes) return 1;
  std::size_t sum = 0;
  for (const RegexNode& child : node.children) sum = SaturatingAdd(sum, CountStates(child));
  if (node.kind != RegexNode::Kind::kRepeat) return sum;
  const std::size_t copies = node.max == kUnbounded ? std::max<std::size_t>(node.min, 1) : node.max;
  return SaturatingMultiply(sum, copies);
}

struct Width {
  std::size_t min = 0;
  std::size_t max = 0;
};

Width ComputeWidth(const RegexNode& node) {
  Width width;
  switch (node.kind) {
    case RegexNode::Kind::kBytes: return {1, 1};
    case RegexNode::Kind::kConcat:
      for (const RegexNode& child : node.children) {
        const Width part = ComputeWidth(child);
        width = {SaturatingAdd(width.min, part.min), SaturatingAdd(width.max, part.max)};
      }
      return width;
    case RegexNode::Kind::kAlternate:
      width.min = kUnbounded;
      for (const RegexNode& child : node.children) {
        const Width part = ComputeWidth(child);
        width = {std::min(width.min, part.min), std::max(width.max, part.max)};
      }
      return width;
    case RegexNode::Kind::kRepeat: {
      const Width part = ComputeWidth(node.children[0]);
      return {SaturatingMultiply(part.min, node.min), SaturatingMultiply(part.max, node.max)};
    }
    default: return width;
  }
}

// Decodes the code point at `at` and advances; kEnd at the end, kInvalid for invalid UTF-8.
std::uint32_t DecodeAt(absl::string_view text, std::size_t& at) {
  if (at >= text.size()) return kEnd;
  const auto lead = static_cast<unsigned char>(text[at]);
  if (lead < 0x80) {
    ++at;
    return lead;
  }
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || at + length > text.size()) return kInvalid;
  std::uint32_t c = lead & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[at + i]);
    if ((byte & 0xC0) != 0x80) return kInvalid;
    c = (c << 6) | (byte & 0x3F);
  }
  const bool overlong = (length == 3 && c < 0x800) || (length == 4 && c < 0x10000);
  if (overlong || c > 0x10FFFF || IsSurrogate(c)) return kInvalid;
  at += length;
  return c;
}

RegexNode FoldedNode(const RegexNode& node) {
  if (node.folded != nullptr) return *node.folded;
  RegexNode folded{node.kind, node.bytes, {}, node.min, node.max, nullptr};
  for (const RegexNode& child : node.children) folded.children.push_back(FoldedNode(child));
  return folded;
}

RegexNode CodePointNode(std::uint32_t c, bool caseless) {
  CodePointSet set;
  set.Add(c, c);
  if (caseless) set.CloseOverCase();
  return set.ToNode();
}

// The class of \d \w \s or its complement; nullopt for other letters.
std::optional<CodePointSet> EscapedClass(char letter) {
  CodePointSet set;
  switch (absl::ascii_tolower(letter)) {
    case 'd': set.AddBytes(ByteSet::Digits()); break;
    case 'w': set.AddBytes(ByteSet::Word()); break;
    case 's': set.AddBytes(ByteSet::Space()); break;
    default: return std::nullopt;
  }
  if (absl::ascii_isupper(letter)) set.Complement();
  return set;
}

class Parser {
 public:
  explicit Parser(absl::string_view pattern) : pattern_(pattern) {}

  absl::StatusOr<Regex> Parse() {
    if (pattern_.size() > kMaxPatternBytes) {
      return Error(kMaxPatternBytes,
                   absl::StrCat("the pattern is longer than ", kMaxPatternBytes, " bytes"));
    }
    CS_RETURN_IF_ERROR(CheckBytes());
    CS_ASSIGN_OR_RETURN(RegexNode root, ParseAlternatives(0));
    if (at_ < pattern_.size()) return Error(at_, "unmatched ')'; write \\) for the character");
    if (CountStates(root) > kMaxPatternStates) return TooLarge(0, CountStates(root));
    return WithWidths(std::move(root));
  }

 private:
  static absl::Status Error(std::size_t at, absl::string_view reason) {
    return absl::InvalidArgumentError(absl::StrCat("at byte ", at, ": ", reason));
  }

  static absl::Status TooLarge(std::size_t at, std::size_t states) {
    const std::string count = states == kUnbounded ? "too many" : absl::StrCat(states);
    return Error(at, absl::StrCat("the repeats expand to ", count, " states, ", kMaxPatternStates,
                                  " are allowed"));
  }

  absl::Status CheckBytes() {
    for (std::size_t at = 0; at < pattern_.size();) {
      const std::size_t here = at;
      const std::uint32_t c = DecodeAt(pattern_, at);
      if (c == kInvalid) return Error(here, "the pattern is not valid UTF-8");
      if (c == 0) return Error(here, "a NUL byte; write \\x00");
    }
    return absl::OkStatus();
  }

  bool AtEnd() const { return at_ >= pattern_.size(); }
  char Peek(std::size_t ahead = 0) const {
    return at_ + ahead < pattern_.size() ? pattern_[at_ + ahead] : '\0';
  }
  bool Take(absl::string_view token) {
    if (pattern_.substr(at_, token.size()) != token) return false;
    at_ += token.size();
    return true;
  }

  absl::StatusOr<RegexNode> ParseAlternatives(std::size_t depth) {
    if (depth > kMaxPatternDepth) {
      return Error(at_, absl::StrCat("groups nested deeper than ", kMaxPatternDepth));
    }
    const bool outer_caseless = caseless_;
    RegexNode any;
    any.kind = RegexNode::Kind::kAlternate;
    do {
      CS_ASSIGN_OR_RETURN(RegexNode sequence, ParseSequence(depth));
      any.children.push_back(std::move(sequence));
    } while (Take("|"));
    caseless_ = outer_caseless;
    if (any.children.size() == 1) return RegexNode(std::move(any.children[0]));
    return any;
  }

  absl::StatusOr<RegexNode> ParseSequence(std::size_t depth) {
    RegexNode sequence;
    sequence.kind = RegexNode::Kind::kConcat;
    while (!AtEnd() && Peek() != '|' && Peek() != ')') {
      if (Take("(?i)")) {
        caseless_ = true;
        continue;
      }
      const std::size_t start = at_;
      CS_ASSIGN_OR_RETURN(RegexNode atom, ParseAtom(depth));
      CS_ASSIGN_OR_RETURN(atom, ParseRepeat(std::move(atom), start));
      sequence.children.push_back(std::move(atom));
    }
    if (sequence.children.empty()) return RegexNode();
    if (sequence.children.size() == 1) return RegexNode(std::move(sequence.children[0]));
    return sequence;
  }

  absl::StatusOr<RegexNode> ParseAtom(std::size_t depth) {
    const std::size_t start = at_;
    switch (Peek()) {
      case '(': return ParseGroup(depth);
      case '[': return ParseClass();
      case '\\': return ParseEscape();
      case '.': {
        ++at_;
        CodePointSet set;
        set.Add('\n', '\n');
        set.Complement();
        return set.ToNode();
      }
      case '*':
      case '+':
      case '?':
      case '{':
        return Error(start, absl::StrCat("nothing to repeat; write \\", std::string(1, Peek()),
                                         " for the character"));
      case '^':
      case '$':
        return Error(
            start, absl::StrCat(
                       "anchors are not supported, patterns are found anywhere in a text; write \\",
                       std::string(1, Peek()), " for the character"));
      default: return CodePointNode(DecodeAt(pattern_, at_), caseless_);
    }
  }

  absl::StatusOr<RegexNode> ParseGroup(std::size_t depth) {
    const std::size_t start = at_;
    ++at_;
    const bool outer_caseless = caseless_;
    if (Take("?i:")) {
      caseless_ = true;
    } else if (!Take("?:") && Peek() == '?') {
      return Error(start, GroupRefusal());
    }
    CS_ASSIGN_OR_RETURN(RegexNode inside, ParseAlternatives(depth + 1));
    if (!Take(")")) return Error(start, "the group is not closed");
    caseless_ = outer_caseless;
    return inside;
  }

  absl::string_view GroupRefusal() const {
    const char kind = Peek(1);
    const char next = Peek(2);
    if (kind == '=' || kind == '!' || (kind == '<' && (next == '=' || next == '!'))) {
      return "look-around is not supported";
    }
    if (kind == '<' || kind == 'P' || kind == '\'') {
      return "named groups are not supported, use (…) or (?:…)";
    }
    return "of the (?…) forms only (?:…), (?i) and (?i:…) are supported";
  }

  absl::StatusOr<RegexNode> ParseRepeat(RegexNode atom, std::size_t atom_start) {
    const std::size_t start = at_;
    std::size_t min = 0;
    std::size_t max = kUnbounded;
    if (Take("*")) {
    } else if (Take("+")) {
      min = 1;
    } else if (Take("?")) {
      max = 1;
    } else if (Peek() == '{') {
      CS_RETURN_IF_ERROR(ParseBounds(min, max));
    } else {
      return atom;
    }
    if (atom.kind == RegexNode::Kind::kWordEdge || atom.kind == RegexNode::Kind::kNotWordEdge) {
      return Error(start, "a word edge cannot be repeated");
    }
    if (!Take("?") && Peek() == '+') {
      return Error(at_, "possessive repeats are not supported");
    }
    if (Peek() == '*' || Peek() == '+' || Peek() == '?' || Peek() == '{') {
      return Error(at_, "a repeat of a repeat; put the first into a group");
    }
    RegexNode repeat;
    repeat.kind = RegexNode::Kind::kRepeat;
    repeat.min = min;
    repeat.max = max;
    repeat.children.push_back(std::move(atom));
    if (const std::size_t states = CountStates(repeat); states > kMaxPatternStates) {
      return TooLarge(atom_start, states);
    }
    return repeat;
  }

  absl::Status ParseBounds(std::size_t& min, std::size_t& max) {
    const std::size_t start = at_;
    ++at_;
    CS_ASSIGN_OR_RETURN(min, ParseCount(start));
    max = min;
    if (Take(",")) {
      max = kUnbounded;
      if (Peek() != '}') {
        CS_ASSIGN_OR_RETURN(max, ParseCount(start));
      }
    }
    if (!Take("}")) return Error(start, kBadBounds);
    if (max < min) return Error(start, "the bounds of the repeat are in the wrong order");
    return absl::OkStatus();
  }

  absl::StatusOr<std::size_t> ParseCount(std::size_t start) {
    if (!absl::ascii_isdigit(Peek())) return Error(start, kBadBounds);
    std::size_t count = 0;
    while (absl::ascii_isdigit(Peek())) {
      count = count * 10 + static_cast<std::size_t>(Peek() - '0');
      if (count > kMaxRepeat) {
        return Error(start, absl::StrCat("a repeat of more than ", kMaxRepeat));
      }
      ++at_;
    }
    return count;
  }

  absl::StatusOr<RegexNode> ParseEscape() {
    const std::size_t start = at_;
    const char letter = Peek(1);
    if (std::optional<CodePointSet> set = EscapedClass(letter)) {
      at_ += 2;
      return set->ToNode();
    }
    if (letter == 'b' || letter == 'B') {
      at_ += 2;
      RegexNode node;
      node.min = start;
      node.kind = letter == 'b' ? RegexNode::Kind::kWordEdge : RegexNode::Kind::kNotWordEdge;
      return node;
    }
    if (letter == 'A' || letter == 'z' || letter == 'Z' || letter == 'G') {
      return Error(start, "anchors are not supported, patterns are found anywhere in a text");
    }
    CS_ASSIGN_OR_RETURN(const std::uint32_t c, ParseEscapedCodePoint());
    return CodePointNode(c, caseless_);
  }

  // \t \n … \xHH \x{H…} and punctuation, inside and outside of classes.
  absl::StatusOr<std::uint32_t> ParseEscapedCodePoint() {
    const std::size_t start = at_;
    ++at_;
    if (AtEnd()) return Error(start, "a backslash at the end; write \\\\ for the character");
    const char letter = Peek();
    if (letter == 'x') return ParseHex(start);
    if (absl::ascii_ispunct(letter) || letter == ' ') {
      ++at_;
      return static_cast<std::uint32_t>(letter);
    }
    constexpr absl::string_view kLetters = "tnrfvae";
    constexpr absl::string_view kControls = "\t\n\r\f\v\a\x1B";
    if (const std::size_t i = kLetters.find(letter); i != absl::string_view::npos) {
      ++at_;
      return static_cast<std::uint32_t>(kControls[i]);
    }
    if (absl::ascii_isdigit(letter) || letter == 'k' || letter == 'g') {
      return Error(start, "back-references are not supported");
    }
    if (letter == 'p' || letter == 'P') {
      return Error(start, "\\p{…} is not supported, use a class of ranges");
    }
    if (!absl::ascii_isalpha(letter)) return Error(start, "this escape is not supported");
    return Error(start, absl::StrCat("\\", std::string(1, letter), " is not supported"));
  }

  absl::StatusOr<std::uint32_t> ParseHex(std::size_t start) {
    ++at_;
    const bool braces = Take("{");
    std::uint32_t c = 0;
    std::size_t digits = 0;
    while (digits < (braces ? 6u : 2u) && IsHexDigit(Peek())) {
      c = c * 16 + static_cast<std::uint32_t>(HexDigitValue(Peek()));
      ++digits;
      ++at_;
    }
    if (digits == 0 || (!braces && digits != 2) || (braces && !Take("}"))) {
      return Error(start, "expected \\xHH or \\x{H…} with one to six hexadecimal digits");
    }
    if (c > 0x10FFFF || IsSurrogate(c)) return Error(start, "not a Unicode code point");
    return c;
  }

  absl::StatusOr<RegexNode> ParseClass() {
    const std::size_t start = at_;
    ++at_;
    const bool negated = Take("^");
    if (Peek() == ']') return Error(start, "an empty class; write \\] for the character");
    CodePointSet typed;    // written out; folded by (?i)
    CodePointSet escaped;  // from \d and the like; never folded
    while (!Take("]")) {
      if (AtEnd()) return Error(start, "the class is not closed");
      if (Peek() == '[' && (Peek(1) == ':' || Peek(1) == '.' || Peek(1) == '=')) {
        return Error(at_, "[:posix:] classes are not supported");
      }
      CS_RETURN_IF_ERROR(ParseClassItem(typed, escaped));
    }
    if (caseless_) typed.CloseOverCase();
    typed.Unite(escaped);
    if (negated) typed.Complement();
    if (typed.Empty()) return Error(start, "the class has no members");
    return typed.ToNode();
  }

  absl::Status ParseClassItem(CodePointSet& typed, CodePointSet& escaped) {
    const std::size_t start = at_;
    if (Peek() == '\\') {
      if (const std::optional<CodePointSet> set = EscapedClass(Peek(1))) {
        at_ += 2;
        if (Peek() == '-' && Peek(1) != ']') {
          return Error(start, "a range cannot begin with a class; write \\- for the character");
        }
        escaped.Unite(*set);
        return absl::OkStatus();
      }
    }
    CS_ASSIGN_OR_RETURN(const std::uint32_t first, ParseClassCodePoint());
    std::uint32_t last = first;
    if (Peek() == '-' && Peek(1) != ']' && Peek(1) != '\0') {
      ++at_;
      CS_ASSIGN_OR_RETURN(last, ParseClassCodePoint());
    }
    if (last < first) return Error(start, "the range is in the wrong order");
    typed.Add(first, last);
    return absl::OkStatus();
  }

  absl::StatusOr<std::uint32_t> ParseClassCodePoint() {
    if (Peek() == '\\') return ParseEscapedCodePoint();
    return DecodeAt(pattern_, at_);
  }

  static constexpr absl::string_view kBadBounds =
      "expected {n}, {n,} or {n,m}; write \\{ for the character";

  absl::string_view pattern_;
  std::size_t at_ = 0;
  bool caseless_ = false;
};

}  // namespace

Regex WithWidths(RegexNode root) {
  const Width width = ComputeWidth(root);
  return {std::move(root), width.min, width.max};
}

Regex Folded(const Regex& regex) { return WithWidths(FoldedNode(regex.root)); }

absl::StatusOr<Regex> ParseRegex(absl::string_view pattern) { return Parser(pattern).Parse(); }

absl::Status CheckRegex(absl::string_view pattern) {
  CS_ASSIGN_OR_RETURN(const Regex regex, ParseRegex(pattern));
  // Policies match unfolded text and masking folded text: U+017F is not a word byte in the first
  // and an s in the second. A pattern must be able to match in both.
  CS_RETURN_IF_ERROR(Annotate(BuildAutomaton(regex).status(), "at byte 0"));
  return Annotate(BuildAutomaton(Folded(regex)).status(), "at byte 0");
}

}  // namespace countersign::text::regex
