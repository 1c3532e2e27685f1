#include "services/masking/text_masker.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "libs/base/status.h"
#include "libs/base/utf8.h"

namespace countersign::masking {
namespace {

using Kind = SpelledText::Kind;

constexpr std::size_t kMaxDepth = 256;
constexpr std::size_t kMaxNumberBytes = 4096;
constexpr std::uint32_t kReplacementCharacter = 0xFFFD;  // what a lone surrogate is matched as

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool IsNumberByte(char c) {
  return absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '-' || c == '+' || c == '.' ||
         c == 'e' || c == 'E';
}
bool IsHigh(std::uint32_t c) { return c >= 0xD800 && c <= 0xDBFF; }
bool IsLow(std::uint32_t c) { return c >= 0xDC00 && c <= 0xDFFF; }

std::uint32_t Hex4(absl::string_view digits) {
  std::uint32_t value = 0;
  for (const char c : digits) {
    const char digit = absl::ascii_tolower(static_cast<unsigned char>(c));
    value = value * 16 + static_cast<std::uint32_t>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
  }
  return value;
}

absl::string_view One(const char& c) { return absl::string_view(&c, 1); }

}  // namespace

TextMasker::TextMasker(std::shared_ptr<const text::redaction::RuleSet> rules, Form form)
    : form_(form), text_(std::move(rules)) {}

absl::Status TextMasker::Feed(absl::string_view piece, bool end, domain::FieldRelease& release,
                              std::vector<Replaced>* places) {
  std::size_t at = 0;
  for (; at < piece.size() && state_ != State::kPlain; ++at) CS_RETURN_IF_ERROR(Take(piece[at]));
  text_.AddPlain(piece.substr(at));
  if (end) Finish();
  return text_.Flush(end, release, places);
}

absl::Status TextMasker::Take(char c) {
  switch (state_) {
    case State::kString: TakeInString(c); return absl::OkStatus();
    case State::kNumber: return TakeInNumber(c);
    case State::kLiteral: TakeInLiteral(c); return absl::OkStatus();
    default: return TakeStructure(c);
  }
}

absl::Status TextMasker::TakeStructure(char c) {
  const char container = containers_.empty() ? '\0' : containers_.back();
  // A further document after the first.
  if (state_ == State::kNext && container == '\0' && (c == '{' || c == '[')) state_ = State::kValue;
  const bool value = state_ == State::kValue || state_ == State::kFirstValue;
  const bool key = state_ == State::kFirstKey || state_ == State::kKey;
  const bool bare = container == '\0' && form_ == Form::kText;  // prose may begin with a quote
  if (c == '"' && (value || key) && !bare) {
    state_ = State::kString;
    in_key_ = key;
    text_.Add(" ", "\"", Kind::kStructure);
    return absl::OkStatus();
  }
  if (value && !bare && (c == '-' || absl::ascii_isdigit(static_cast<unsigned char>(c)))) {
    state_ = State::kNumber;
    token_ = c;
    return absl::OkStatus();
  }
  if (value && !bare && (c == 't' || c == 'f' || c == 'n')) {
    state_ = State::kLiteral;
    token_ = c;
    return absl::OkStatus();
  }
  if (IsSpace(c)) {
  } else if (value && (c == '{' || c == '[') && containers_.size() < kMaxDepth) {
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
  } else {
    GoPlain(One(c));
    return absl::OkStatus();
  }
  text_.Add(One(c), One(c), Kind::kStructure);
  return absl::OkStatus();
}

void TextMasker::TakeInString(char c) {
  if (escape_.size() == 6 && c != '\\') AddUnit(kReplacementCharacter, 6);  // a lone half of a pair
  if (!escape_.empty() || c == '\\') {
    escape_ += c;
    return TakeEscape();
  }
  if (c != '"') return text_.Add(One(c), One(c), Kind::kString);
  text_.Add(" ", "\"", Kind::kStructure);
  state_ = in_key_ ? State::kColon : State::kNext;
}

// Decodes escape_ when it is complete. Other characters after a backslash stand for themselves.
void TextMasker::TakeEscape() {
  if (escape_.size() < 2) return;
  if (escape_.size() > 6) return TakePairedEscape();
  const char last = escape_.back();
  if (escape_.size() == 2 && last != 'u') {
    constexpr absl::string_view kLetters = "bfnrt\"\\/";
    constexpr absl::string_view kMeanings = "\b\f\n\r\t\"\\/";
    const std::size_t i = kLetters.find(last);
    if (i != absl::string_view::npos) {
      return AddUnit(static_cast<unsigned char>(kMeanings[i]), 2);
    }
  }
  const bool bad =
      escape_.size() == 2 ? last != 'u' : !absl::ascii_isxdigit(static_cast<unsigned char>(last));
  if (bad) {
    const std::string literally = std::exchange(escape_, "");
    for (const char& c : literally) text_.Add(One(c), One(c), Kind::kString);
    return;
  }
  if (escape_.size() < 6) return;
  const std::uint32_t unit = Hex4(absl::string_view(escape_).substr(2));
  if (IsHigh(unit)) return;  // The other half may follow.
  AddUnit(IsLow(unit) ? kReplacementCharacter : unit, 6);
}

// escape_ is a high surrogate followed by the start of another escape.
void TextMasker::TakePairedEscape() {
  const char last = escape_.back();
  const std::size_t size = escape_.size();
  const bool goes_on =
      size == 7 ||
      (size == 8 ? last == 'u' : absl::ascii_isxdigit(static_cast<unsigned char>(last)));
  if (goes_on && size < 12) return;
  if (goes_on) {
    const absl::string_view escape = escape_;
    const std::uint32_t high = Hex4(escape.substr(2, 4));
    const std::uint32_t low = Hex4(escape.substr(8, 4));
    if (IsLow(low)) return AddUnit(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00), 12);
  }
  AddUnit(kReplacementCharacter, 6);
  TakeEscape();
}

// The first `spelled` bytes of escape_ are complete and encode `code_point`.
void TextMasker::AddUnit(std::uint32_t code_point, std::size_t spelled) {
  text_.Add(EncodeUtf8(code_point), absl::string_view(escape_).substr(0, spelled), Kind::kString);
  escape_.erase(0, spelled);
}

absl::Status TextMasker::TakeInNumber(char c) {
  const bool ended = IsSpace(token_.back());
  if ((!ended && IsNumberByte(c)) || IsSpace(c)) {
    token_ += c;
    if (token_.size() > kMaxNumberBytes) {
      return WithReason(absl::ResourceExhaustedError("a number in a document is too long to mask"),
                        "masking_limit");
    }
    return absl::OkStatus();
  }
  const char container = containers_.empty() ? '\0' : containers_.back();
  const bool fits = (c == ',' && container != '\0') || (c == '}' && container == '{') ||
                    (c == ']' && container == '[');
  if (!fits) {
    GoPlain(std::exchange(token_, "") + c);
    return absl::OkStatus();
  }
  FinishNumber();
  return TakeStructure(c);
}

void TextMasker::FinishNumber() {
  const std::string token = std::exchange(token_, "");
  for (const char& c : token) {
    text_.Add(One(c), One(c), IsSpace(c) ? Kind::kStructure : Kind::kNumber);
  }
  state_ = State::kNext;
}

void TextMasker::TakeInLiteral(char c) {
  token_ += c;
  for (const absl::string_view literal : {"true", "false", "null"}) {
    if (token_ == literal) {
      for (const char& letter : token_) text_.Add(One(letter), One(letter), Kind::kStructure);
      token_.clear();
      state_ = State::kNext;
      return;
    }
    if (absl::StartsWith(literal, token_)) return;
  }
  GoPlain(std::exchange(token_, ""));
}

// The rest of the text is not JSON; it starts with `held`.
void TextMasker::GoPlain(absl::string_view held) {
  state_ = State::kPlain;
  text_.AddPlain(held);
}

// Call at the end of the text, complete or not.
void TextMasker::Finish() {
  if (state_ == State::kNumber) return FinishNumber();
  if (state_ == State::kString) {
    for (const char& c : escape_) text_.Add(One(c), One(c), Kind::kString);
  } else {
    text_.AddPlain(token_);
  }
  escape_.clear();
  token_.clear();
}

}  // namespace countersign::masking
