#include "libs/text/detectors/generator/byte_class.h"

#include "absl/strings/str_cat.h"
#include "libs/text/detectors/generator/table_writer.h"

namespace countersign::text::detectors {
namespace {

// The next character of a class; nullopt at its end and for non-ASCII.
std::optional<char> NextCharacter(absl::string_view text, std::size_t& at) {
  if (text[at] == '\\') ++at;
  if (at >= text.size() || static_cast<unsigned char>(text[at]) >= 0x80) return std::nullopt;
  return text[at++];
}

}  // namespace

std::optional<regex::ByteSet> ParseByteClass(absl::string_view text) {
  if (text.size() < 3 || text.front() != '[' || text.back() != ']') return std::nullopt;
  text = text.substr(1, text.size() - 2);
  const bool negated = text.front() == '^';
  if (negated) text.remove_prefix(1);
  regex::ByteSet bytes;
  for (std::size_t at = 0; at < text.size();) {
    if (text.substr(at, 2) == "\\w") {
      bytes = bytes | regex::ByteSet::Word();
      at += 2;
      continue;
    }
    if (text[at] == '[' || text[at] == ']') return std::nullopt;  // usually a mistake
    const auto first = NextCharacter(text, at);
    if (!first) return std::nullopt;
    auto last = first;
    if (at + 1 < text.size() && text[at] == '-') {
      last = NextCharacter(text, ++at);
      if (!last || *last < *first) return std::nullopt;
    }
    bytes = bytes | regex::ByteSet::Range(static_cast<unsigned char>(*first),
                                          static_cast<unsigned char>(*last));
  }
  if (bytes.Empty()) return std::nullopt;
  return negated ? ~bytes : bytes;
}

std::string ByteSetExpression(const regex::ByteSet& bytes) {
  if (bytes.Empty()) return "ByteSet()";
  if (bytes.Contains(0x80)) return absl::StrCat("~(", ByteSetExpression(~bytes), ")");
  const bool has_word = (bytes & regex::ByteSet::Word()) == regex::ByteSet::Word();
  std::string others;
  for (unsigned byte = 0; byte < 0x80; ++byte) {
    const auto c = static_cast<unsigned char>(byte);
    if (bytes.Contains(c) && !(has_word && regex::IsWordByte(c))) others += static_cast<char>(c);
  }
  if (others.empty()) return "ByteSet::Word()";
  const std::string rest = absl::StrCat("ByteSet::Of(", CppLiteral(others), ")");
  return has_word ? absl::StrCat("ByteSet::Word() | ", rest) : rest;
}

}  // namespace countersign::text::detectors
