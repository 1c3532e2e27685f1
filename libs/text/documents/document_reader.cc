#include "libs/text/documents/document_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "libs/base/hex_digits.h"
#include "libs/base/status.h"
#include "libs/base/utf8.h"
#include "libs/json/numbers.h"
#include "libs/json/surrogates.h"

namespace countersign::text::documents {
namespace {

using Kind = Place::Kind;

constexpr std::size_t kMaxContainers = 256;
constexpr std::size_t kMaxDecodedBytes = 255;            // of one character
constexpr std::size_t kEscape = 6;                       // \uXXXX
constexpr std::uint32_t kReplacementCharacter = 0xFFFD;  // for lone surrogates

constexpr absl::string_view kBeginnings = "{[\"";  // first characters of documents
bool MayBegin(char c) { return absl::StrContains(kBeginnings, c); }

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }
bool IsNumberByte(char c) {
  return IsDigit(c) || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}
std::uint32_t UnitAt(const std::string& escapes, std::size_t at) {
  return ParseHex(absl::string_view(escapes).substr(at + 2, 4)).value_or(kReplacementCharacter);
}

}  // namespace

absl::Status DocumentReader::Read(absl::string_view piece, Characters& out) {
  for (std::size_t at = 0; at < piece.size(); ++at) {
    if (state_ == State::kPlain) {
      const std::size_t next = form_ == Form::kProse
                                   ? std::min(piece.find_first_of(kBeginnings, at), piece.size())
                                   : piece.size();
      if (next > at) out.AddPlain(piece.substr(at, next - at));
      at = next;
      if (at == piece.size()) break;
    }
    const absl::string_view byte = piece.substr(at, 1);
    CS_RETURN_IF_ERROR(Take({byte, byte}, out));
  }
  return absl::OkStatus();
}

std::size_t DocumentReader::held() const {
  return waiting_.spelled().size() + (inner_ ? inner_->held() : 0);
}

std::size_t DocumentReader::memory_bytes() const {
  return sizeof(*this) + containers_.capacity() + waiting_.memory_bytes() +
         (inner_ ? inner_->memory_bytes() : 0);
}

absl::Status DocumentReader::Take(Char c, Characters& out) {
  switch (state_) {
    case State::kStringStart:
    case State::kString: return TakeInString(c, out);
    case State::kNumber: return TakeInNumber(c, out);
    case State::kLiteral: return TakeInLiteral(c, out);
    case State::kPlain: break;
    default: return TakeStructure(c, out);
  }
  if (form_ == Form::kProse && MayBegin(c.ascii())) {
    containers_.clear();
    state_ = State::kValue;
    return TakeStructure(c, out);
  }
  AddPlainOrString(c, out);
  return absl::OkStatus();
}

void DocumentReader::AddStructure(Char c, absl::string_view decoded, Characters& out) const {
  out.Add(decoded, c.spelled, At(Kind::kStructure));
}

// Adds text outside of documents; within a string it is still text of that string.
void DocumentReader::AddPlainOrString(Char c, Characters& out) const {
  out.Add(c.decoded, c.spelled, At(depth_ == 0 ? Kind::kPlain : Kind::kString));
}

absl::Status DocumentReader::TakeStructure(Char character, Characters& out) {
  const char c = character.ascii();
  const char container = containers_.empty() ? '\0' : containers_.back();
  // Another document after the first.
  if (state_ == State::kNext && container == '\0' && (c == '{' || c == '[' || c == '"')) {
    state_ = State::kValue;
  }
  const bool value = state_ == State::kValue || state_ == State::kFirstValue;
  const bool key = state_ == State::kFirstKey || state_ == State::kKey;
  const bool bare = container == '\0' && form_ != Form::kDocument;  // prose may begin with a number
  if (c == '"' && (value || key)) {
    state_ = State::kStringStart;
    in_key_ = key;
    AddStructure(character, " ", out);
    return absl::OkStatus();
  }
  if (value && !bare && (c == '-' || IsDigit(c))) {
    state_ = State::kNumber;
    waiting_.Add(character.decoded, character.spelled);
    return absl::OkStatus();
  }
  if (value && !bare && (c == 't' || c == 'f' || c == 'n')) {
    state_ = State::kLiteral;
    waiting_.Add(character.decoded, character.spelled);
    return absl::OkStatus();
  }
  if (IsSpace(c)) {
  } else if (value && (c == '{' || c == '[') && containers_.size() < kMaxContainers) {
    containers_ += c;
    state_ = c == '{' ? State::kFirstKey : State::kFirstValue;
  } else if ((c == '}' && container == '{' &&
              (state_ == State::kNext || state_ == State::kFirstKey)) ||
             (c == ']' && container == '[' &&
              (state_ == State::kNext || state_ == State::kFirstValue))) {
    containers_.pop_back();
    state_ = State::kNext;
  } else if (c == ',' && state_ == State::kNext && container != '\0') {
    state_ = container == '{' ? State::kKey : State::kValue;
  } else if (c == ':' && state_ == State::kColon) {
    state_ = State::kValue;
  } else if (form_ == Form::kProse && (c == '{' || c == '[')) {
    containers_ = c;
    state_ = c == '{' ? State::kFirstKey : State::kFirstValue;
  } else {
    waiting_.Add(character.decoded, character.spelled);
    GoPlain(out);
    return absl::OkStatus();
  }
  AddStructure(character, character.decoded, out);
  return absl::OkStatus();
}

absl::Status DocumentReader::TakeInString(Char c, Characters& out) {
  if (waiting_.size() == kEscape && c.ascii() != '\\') {  // a lone surrogate
    CS_RETURN_IF_ERROR(AddEscaped(kReplacementCharacter, kEscape, out));
  }
  if (!waiting_.empty() || c.ascii() == '\\') {
    waiting_.Add(c.decoded, c.spelled);
    return TakeEscape(out);
  }
  if (c.ascii() != '"') return AddToString(c.decoded, c.spelled, out);
  return EndString(c, out);
}

absl::Status DocumentReader::EndString(Char quote, Characters& out) {
  if (inner_ != nullptr) {
    CS_RETURN_IF_ERROR(inner_->Finish(out));
    inner_.reset();
  }
  AddStructure(quote, " ", out);
  state_ = in_key_ ? State::kColon : State::kNext;
  return absl::OkStatus();
}

// Adds a character of the string, which may belong to a document in it.
absl::Status DocumentReader::AddToString(absl::string_view decoded, absl::string_view spelled,
                                         Characters& out) {
  const Char c{decoded, spelled};
  bool may_begin = form_ == Form::kProse;
  if (state_ == State::kStringStart && !IsSpace(c.ascii())) {
    state_ = State::kString;
    may_begin = true;
  }
  if (may_begin && MayBegin(c.ascii()) && inner_ == nullptr && depth_ < kMaxDepth) {
    const Form form = form_ == Form::kProse ? Form::kProse : Form::kText;
    inner_.reset(new DocumentReader(form, max_number_bytes_, depth_ + 1));
  }
  if (inner_ != nullptr) return inner_->Take(c, out);
  out.Add(decoded, spelled, {Kind::kString, static_cast<std::uint8_t>(depth_ + 1)});
  return absl::OkStatus();
}

// Decodes the waiting characters if they are a complete escape. Anything that is not an escape is
// added unchanged.
absl::Status DocumentReader::TakeEscape(Characters& out) {
  const std::string& escape = waiting_.decoded();
  const std::size_t size = waiting_.size();
  if (size < 2) return absl::OkStatus();
  if (size > kEscape) return TakePairedEscape(out);
  const bool single_bytes = escape.size() == size;
  const char last = single_bytes ? escape.back() : '\x80';
  if (size == 2 && last != 'u') {
    constexpr absl::string_view kLetters = "bfnrt\"\\/";
    constexpr absl::string_view kMeanings = "\b\f\n\r\t\"\\/";
    const std::size_t i = kLetters.find(last);
    if (i != absl::string_view::npos) {
      return AddEscaped(static_cast<unsigned char>(kMeanings[i]), 2, out);
    }
  }
  if (size == 2 ? last != 'u' : !IsHexDigit(last)) {
    absl::Status added;
    waiting_.Release([&](absl::string_view decoded, absl::string_view spelled) {
      if (added.ok()) added = AddToString(decoded, spelled, out);
    });
    return added;
  }
  if (size < kEscape) return absl::OkStatus();
  const std::uint32_t unit = UnitAt(escape, 0);
  if (json::IsHighSurrogate(unit)) return absl::OkStatus();  // its other half may follow
  return AddEscaped(json::IsLowSurrogate(unit) ? kReplacementCharacter : unit, kEscape, out);
}

// A high surrogate and the beginning of another escape are waiting.
absl::Status DocumentReader::TakePairedEscape(Characters& out) {
  const std::string& escape = waiting_.decoded();
  const std::size_t size = waiting_.size();
  const char last = escape.size() == size ? escape.back() : '\x80';
  const bool goes_on =
      size == kEscape + 1 || (size == kEscape + 2 ? last == 'u' : IsHexDigit(last));
  if (goes_on && size < 2 * kEscape) return absl::OkStatus();
  if (goes_on && json::IsLowSurrogate(UnitAt(escape, kEscape))) {
    return AddEscaped(json::JoinSurrogates(UnitAt(escape, 0), UnitAt(escape, kEscape)), 2 * kEscape,
                      out);
  }
  CS_RETURN_IF_ERROR(AddEscaped(kReplacementCharacter, kEscape, out));
  return TakeEscape(out);
}

// The first `characters` waiting ones are complete: they encode `code_point`.
absl::Status DocumentReader::AddEscaped(std::uint32_t code_point, std::size_t characters,
                                        Characters& out) {
  const std::string spelled = waiting_.TakeSpelling(characters);
  return AddToString(EncodeUtf8(code_point), spelled, out);
}

absl::Status DocumentReader::TakeInNumber(Char character, Characters& out) {
  const char c = character.ascii();
  const bool ended = IsSpace(waiting_.decoded().back());
  if ((!ended && IsNumberByte(c)) || IsSpace(c)) {
    waiting_.Add(character.decoded, character.spelled);
    if (waiting_.size() <= max_number_bytes_) return absl::OkStatus();
    return WithReason(absl::ResourceExhaustedError("a number in a document is too long to mask"),
                      "masking_limit");
  }
  const char container = containers_.empty() ? '\0' : containers_.back();
  const bool fits = (c == ',' && container != '\0') || (c == '}' && container == '{') ||
                    (c == ']' && container == '[');
  if (!fits) {
    waiting_.Add(character.decoded, character.spelled);
    GoPlain(out);
    return absl::OkStatus();
  }
  EndNumber(out);
  return TakeStructure(character, out);
}

// A number with an exponent becomes its digits, as one character.
void DocumentReader::EndNumber(Characters& out) {
  const std::string number(absl::StripAsciiWhitespace(waiting_.decoded()));
  if (absl::StrContains(absl::AsciiStrToLower(number), 'e')) {
    const bool negative = number[0] == '-';
    const std::string digits = json::NumberText(absl::string_view(number).substr(negative ? 1 : 0));
    if (digits != number && digits.size() <= kMaxDecodedBytes) {
      if (negative) out.Add("-", waiting_.TakeSpelling(1), At(Kind::kNumber));
      out.Add(digits, waiting_.TakeSpelling(number.size() - (negative ? 1 : 0)), At(Kind::kNumber));
    }
  }
  waiting_.Release([&](absl::string_view decoded, absl::string_view spelled) {
    out.Add(decoded, spelled, At(IsSpace(decoded[0]) ? Kind::kStructure : Kind::kNumber));
  });
  state_ = State::kNext;
}

absl::Status DocumentReader::TakeInLiteral(Char c, Characters& out) {
  waiting_.Add(c.decoded, c.spelled);
  for (const absl::string_view literal : {"true", "false", "null"}) {
    if (waiting_.decoded() == literal) {
      waiting_.Release([&](absl::string_view decoded, absl::string_view spelled) {
        out.Add(decoded, spelled, At(Kind::kStructure));
      });
      state_ = State::kNext;
      return absl::OkStatus();
    }
    if (absl::StartsWith(literal, waiting_.decoded())) return absl::OkStatus();
  }
  GoPlain(out);
  return absl::OkStatus();
}

// The rest of the text is not JSON, beginning with the waiting characters.
void DocumentReader::GoPlain(Characters& out) {
  state_ = State::kPlain;
  waiting_.Release([&](absl::string_view decoded, absl::string_view spelled) {
    AddPlainOrString({decoded, spelled}, out);
  });
}

absl::Status DocumentReader::Finish(Characters& out) {
  if (state_ == State::kNumber) {
    EndNumber(out);
    return absl::OkStatus();
  }
  if (state_ != State::kString && state_ != State::kStringStart) {
    waiting_.Release([&](absl::string_view decoded, absl::string_view spelled) {
      AddPlainOrString({decoded, spelled}, out);
    });
    return absl::OkStatus();
  }
  absl::Status added;
  waiting_.Release([&](absl::string_view decoded, absl::string_view spelled) {
    if (added.ok()) added = AddToString(decoded, spelled, out);
  });
  CS_RETURN_IF_ERROR(added);
  return inner_ == nullptr ? absl::OkStatus() : inner_->Finish(out);
}

}  // namespace countersign::text::documents
