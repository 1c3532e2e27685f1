#include "libs/text/redaction/value_readers.h"

#include <algorithm>
#include <functional>
#include <set>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "libs/text/redaction/context_words.h"
#include "libs/text/unicode/text_fold.h"

namespace countersign::text::redaction {
namespace {

bool InWord(char byte) {
  return ContextWords::WordBytes().Contains(static_cast<unsigned char>(byte));
}

std::size_t CountCharacters(absl::string_view word) {
  return static_cast<std::size_t>(std::count_if(word.begin(), word.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  }));
}

bool HasLower(absl::string_view word) {
  return std::any_of(word.begin(), word.end(),
                     [](char byte) { return 'a' <= byte && byte <= 'z'; });
}

// Words between the name of a secret and its value.
bool IsValueLink(absl::string_view word) {
  static const auto* const links = new std::set<std::string, std::less<>>{
      "is",      "are",    "was",    "to",  "as",   "value", "val", "default", "string",
      "text",    "set",    "equals", "ist", "est",  "es",    "é",   "è",       "lautet",
      "wert",    "valeur", "real",   "new", "data", "plain", "raw", "jest",    "это",
      "は",      "是",     "为",     "為",  "är",   "er",    "by",  "and",     "the",
      "literal", "→",      "➜",      "➔",   "⇒",    "⟶",     "➡"};
  return links->contains(std::string_view(word.data(), word.size()));
}
// Those that say themselves that the value follows.
bool IsVerb(absl::string_view word) {
  return word == "is" || word == "are" || word == "was" || word == "ist" || word == "est" ||
         word == "es" || word == "é" || word == "è" || word == "lautet" || word == "equals" ||
         word == "to" || word == "jest" || word == "это" || word == "は" || word == "是" ||
         word == "→" || word == "➜" || word == "➔" || word == "⇒" || word == "⟶" || word == "➡" ||
         word == "为" || word == "為" || word == "är" || word == "er";
}

bool IsQuote(char byte) {
  return byte == '"' || byte == '\'' || byte == '`' || byte == unicode::kEscapedQuote ||
         byte == unicode::kStringEdge;
}

}  // namespace

bool Assigns(absl::string_view between) {
  AssignmentReader reader;
  for (const char byte : between) {
    if (!reader.Read(byte)) return false;
  }
  return reader.open();
}

bool Names(absl::string_view last, absl::string_view between) {
  NameReader reader(last);
  return std::all_of(between.begin(), between.end(),
                     [&reader](char byte) { return reader.Read(byte); }) &&
         reader.open();
}

bool StandsBeside(absl::string_view last, absl::string_view between) {
  constexpr std::size_t kAbbreviation = 4;  // `tel.`, `no.`: not the end of a sentence
  if (between.size() > kBesideReach) return false;
  const std::size_t line = between.rfind('\n');
  const std::size_t before_line =
      line == between.npos ? line : between.find_last_not_of(" \n", line);
  const bool tag = before_line != between.npos && between[before_line] == '>';
  if (line != between.npos && !tag && between.find_first_of("=:", line) == between.npos) {
    return false;
  }
  std::size_t marks = 0;  // consecutive, since the last word
  bool joined = true;     // by at most one character that names may contain
  for (std::size_t i = 0; i < between.size();) {
    if (InWord(between[i])) {
      const std::size_t begin = i;
      while (i < between.size() && InWord(between[i])) ++i;
      last = between.substr(begin, i - begin);
      if (!joined && !IsLink(absl::AsciiStrToLower(last))) return false;
      joined = true;
      marks = 0;
      continue;
    }
    const char byte = between[i];
    const char next = i + 1 < between.size() ? between[i + 1] : 'x';
    const bool stop =
        byte == '.' && !InWord(next) && next != '=' && CountCharacters(last) > kAbbreviation;
    const bool arrow = i > 0 && (between[i - 1] == '=' || between[i - 1] == '-');
    if (byte == '>' && !arrow && !HasLower(last)) return false;  // part of a replacement: `<PIN>`
    if (byte == ';' || (byte == '?' && next != '=') || stop || (byte == '\n' && next == '\n'))
      return false;
    joined = joined && ++marks == 1 && (byte == '_' || byte == '-' || byte == '.');
    ++i;
  }
  return true;
}

bool IsLink(absl::string_view word) {
  static const auto* const links = new std::set<std::string, std::less<>>{
      "is",      "are",    "was",   "be",   "to",     "as",   "at",     "on",  "of",
      "for",     "me",     "from",  "us",   "my",     "your", "our",    "the", "here",
      "now",     "new",    "via",   "or",   "no",     "nr",   "num",    "id",  "number",
      "numbers", "code",   "value", "name", "string", "str",  "equals", "ist", "est",
      "es",      "lautet", "är",    "er",   "é",      "è",    "jest",   "это", "на",
      "по",      "auf",    "unter", "am",   "an",     "sur",  "au",     "al",  "в",
      "は",      "が",     "是",    "为",   "為",     "은",   "는"};
  return links->contains(std::string_view(word.data(), word.size()));
}

NameReader::NameReader(absl::string_view name)
    : may_close_tag_(name.empty() || HasLower(name)), unspaced_(ContextWords::IsUnspaced(name)) {}

bool NameReader::open() const {
  return assigned_ || quoted_ || (in_ == In::kWord && unspaced_ && IsVerb(word_));
}

bool NameReader::Read(char byte) {
  if (over_) return false;
  if (in_ == In::kTag) return ReadTag(byte);
  if (InWord(byte)) {
    const bool follows_name =
        in_ == In::kName && unspaced_ && static_cast<unsigned char>(byte) >= 0x80;
    if (in_ == In::kName && !follows_name) return true;
    if (in_ != In::kWord) word_.clear();
    in_ = In::kWord;
    quoted_ = fresh_line_ = false;
    word_ += absl::ascii_tolower(static_cast<unsigned char>(byte));
    return true;
  }
  if (in_ == In::kWord && !EndWord()) return false;
  over_ = !ReadMark(byte);
  previous_ = byte;
  return !over_;
}

// A word ended: it must lead to the value. Words joined to the name belong to it.
bool NameReader::EndWord() {
  over_ = !IsValueLink(word_);
  assigned_ = IsVerb(word_);
  separated_ = false;
  return !over_;
}

bool NameReader::ReadTag(char byte) {
  const bool first = previous_ == '<';
  previous_ = byte;
  over_ = first ? !(byte == '/' || absl::ascii_islower(static_cast<unsigned char>(byte)))
                : byte == '<' || byte == '\n';
  if (byte != '>') return !over_;
  in_ = In::kGap;
  assigned_ = true;
  return !over_;
}

bool NameReader::ReadMark(char byte) {
  const bool in_name = in_ == In::kName;
  const bool joins = in_name && (byte == '_' || byte == '-' || byte == '.');
  if (joins) return true;
  in_ = In::kGap;
  const bool after_space = previous_ == ' ' || previous_ == '\t' || previous_ == '(';
  quoted_ = IsQuote(byte) && (assigned_ || (after_space && !separated_));
  if (std::exchange(closed_tag_, false) && byte == ' ') {  // a placeholder in a sentence
    assigned_ = false;
    separated_ = true;
  }
  if (byte == '\n') {
    if (fresh_line_) return false;
    fresh_line_ = true;
    separated_ = !assigned_;
    assigned_ = assigned_ || previous_ == ':' || previous_ == '>';
    return true;
  }
  if (byte == ' ' || byte == '\t' || byte == '\r') return true;
  fresh_line_ = false;
  switch (byte) {
    case ':':
    case '=':
    case '|': assigned_ = true; return true;
    case '>':
      if (in_name || IsQuote(previous_)) {
        assigned_ = closed_tag_ = may_close_tag_;
        return may_close_tag_;
      }
      assigned_ = previous_ == '-' || previous_ == '=' || assigned_;
      return assigned_ || previous_ == '/';
    case '<': in_ = In::kTag; return true;
    case ',':
    case '{':
    case '}':
      assigned_ = false;
      separated_ = true;
      return true;
    case '-':
    case '*':
    case '_':
    case '(':
    case ')':
    case '[':
    case ']':
    case '?':
    case '/':
    case '.':
    case unicode::kEscapedMark: return byte != '/' || IsQuote(previous_);
    default: return IsQuote(byte) || byte == '\\';
  }
}

bool ContinuesList(absl::string_view between, bool same_line) {
  bool separated = false;
  bool line = false;    // begun since the match
  bool bullet = false;  // at its beginning
  for (std::size_t at = 0; at < between.size();) {
    const char byte = between[at];
    const char next = at + 1 < between.size() ? between[at + 1] : '\0';
    if (byte == '\n') {
      if (next == '\n') return false;
      separated = line = true;
      bullet = false;
    } else if (byte == ',' || byte == ';') {
      const bool spaced = next == ' ' || next == '\n' || next == '\r' || IsQuote(next);
      if (!spaced && !same_line) return false;
      if (line) return false;
      separated = true;
    } else if (InWord(byte)) {
      std::size_t end = at;
      while (end < between.size() && InWord(between[end])) ++end;
      const std::string word = absl::AsciiStrToLower(between.substr(at, end - at));
      const char after = end < between.size() ? between[end] : '\0';
      const bool number = word.find_first_not_of("0123456789") == word.npos;
      if (number) {
        if (!line || bullet || word.size() > 2 || (after != '.' && after != ')')) return false;
        bullet = true;
        at = end + 1;
        continue;
      }
      if (word == "and" || word == "or" || word == "und" || word == "oder" || word == "et" ||
          word == "ou" || word == "y" || word == "e" || word == "o") {
        separated = true;
        at = end;
        continue;
      }
      if (word == "\xE2\x80\xA2" || word == "\xC2\xB7") {  // bullets beyond ASCII
        if (!line || bullet) return false;
        bullet = true;
        at = end;
        continue;
      }
      // The label of an item.
      if (!line || !bullet || same_line) return false;
      const absl::string_view rest = between.substr(at);
      const std::size_t colon = rest.find(':');
      if (colon == rest.npos || rest.find_first_of("0123456789\n") < colon) return false;
      return rest.find_first_not_of(" \t*_\"'`", colon + 1) == rest.npos;
    } else if (byte == '-' || byte == '*' || byte == '+') {
      if (line && !bullet) {
        bullet = true;
      } else if (byte != '*') {
        return false;
      }
    } else if (!IsQuote(byte) && byte != ' ' && byte != '\t' && byte != '\r' && byte != '[' &&
               byte != ']' && byte != '(' && byte != ')' && byte != '&') {
      return false;
    }
    separated = separated || byte == '&';
    ++at;
  }
  return separated;
}

bool IsReplacement(absl::string_view word, absl::string_view between) {
  if (HasLower(word)) return false;
  std::size_t at = 0;
  const auto skip = [&](auto may_stand) {
    while (at < between.size() && may_stand(static_cast<unsigned char>(between[at]))) ++at;
  };
  skip([](unsigned char byte) {
    return absl::ascii_isupper(byte) || absl::ascii_isdigit(byte) || byte == '_' || byte == '.';
  });
  if (at < between.size() && between[at] == ':') ++at;  // of the action `hash`
  skip([](unsigned char byte) { return absl::ascii_islower(byte) || absl::ascii_isdigit(byte); });
  return at < between.size() && between[at] == '>';
}

bool EndsInComparison(absl::string_view before) {
  constexpr regex::ByteSet kLast = regex::ByteSet::Of(" ^=>#-");
  if (before.empty() || !kLast.Contains(static_cast<unsigned char>(before.back()))) return false;
  const bool spaced = !before.empty() && before.back() == ' ';
  while (!before.empty() && before.back() == ' ') before.remove_suffix(1);
  if (!before.empty() && before.back() == '^') return true;
  if (before.size() < 2) return false;
  const absl::string_view last = before.substr(before.size() - 2);
  return last == ">=" || last == "<=" || last == "~>" || last == "~=" || last == "!=" ||
         (last == "==" && !spaced) || last == "##" || last == "_-" ||
         (spaced && (last == " <" || last == " >" || last == "(=" || last == "(<" || last == "(>"));
}

}  // namespace countersign::text::redaction
