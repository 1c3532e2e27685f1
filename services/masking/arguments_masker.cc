#include "services/masking/arguments_masker.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "libs/base/status.h"
#include "libs/json/writer.h"

namespace countersign::masking {
namespace {

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

std::string Encode(std::uint32_t c) {
  std::string bytes;
  const auto add = [&](std::uint32_t byte) { bytes += static_cast<char>(byte); };
  if (c < 0x80) {
    add(c);
  } else if (c < 0x800) {
    add(0xC0 | (c >> 6));
    add(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    add(0xE0 | (c >> 12));
    add(0x80 | ((c >> 6) & 0x3F));
    add(0x80 | (c & 0x3F));
  } else {
    add(0xF0 | (c >> 18));
    add(0x80 | ((c >> 12) & 0x3F));
    add(0x80 | ((c >> 6) & 0x3F));
    add(0x80 | (c & 0x3F));
  }
  return bytes;
}

// `text` as it stands inside a JSON string.
std::string Escaped(absl::string_view text) {
  const std::string quoted = json::Quote(text);
  return quoted.substr(1, quoted.size() - 2);
}

}  // namespace

ArgumentsMasker::ArgumentsMasker(std::shared_ptr<const text::RuleSet> rules)
    : rules_(std::move(rules)), stream_(rules_) {}

std::size_t ArgumentsMasker::held() const {
  const std::size_t plain = state_ == State::kPlain ? stream_.held() : 0;
  return spelling_.size() - spelling_done_ + escape_.size() + token_.size() + plain;
}

absl::Status ArgumentsMasker::Feed(absl::string_view json, bool end,
                                   domain::FieldRelease& release) {
  release_ = &release;
  std::size_t at = 0;
  for (; at < json.size() && state_ != State::kPlain; ++at) CS_RETURN_IF_ERROR(Take(json[at]));
  decoded_.append(json.data() + at, json.size() - at);
  if (end) return Finish();
  if (state_ == State::kString) return FlushString(false);
  return state_ == State::kPlain ? FlushPlain(false) : absl::OkStatus();
}

absl::Status ArgumentsMasker::Take(char c) {
  switch (state_) {
    case State::kString: return TakeInString(c);
    case State::kNumber: return TakeInNumber(c);
    case State::kLiteral: return TakeInLiteral(c);
    default: return TakeStructure(c);
  }
}

absl::Status ArgumentsMasker::TakeStructure(char c) {
  const bool value = state_ == State::kValue || state_ == State::kFirstValue;
  const bool key = state_ == State::kFirstKey || state_ == State::kKey;
  const char container = containers_.empty() ? '\0' : containers_.back();
  if (c == '"' && (value || key)) {
    BeginString(key);
    return absl::OkStatus();
  }
  if (value && (c == '-' || absl::ascii_isdigit(static_cast<unsigned char>(c)))) {
    state_ = State::kNumber;
    token_ = c;
    return absl::OkStatus();
  }
  if (value && (c == 't' || c == 'f' || c == 'n')) {
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
    return GoPlain(absl::string_view(&c, 1));
  }
  release_->text += c;
  return absl::OkStatus();
}

void ArgumentsMasker::BeginString(bool is_key) {
  state_ = State::kString;
  in_key_ = is_key;
  stream_ = text::RedactionStream(rules_);
  release_->text += '"';
}

absl::Status ArgumentsMasker::TakeInString(char c) {
  if (escape_.size() == 6 && c != '\\') {
    AddUnit(kReplacementCharacter, 6);  // A high surrogate alone.
  }
  if (!escape_.empty() || c == '\\') {
    escape_ += c;
    TakeEscape();
    return absl::OkStatus();
  }
  if (c != '"') {
    AddByte(c);
    return absl::OkStatus();
  }
  CS_RETURN_IF_ERROR(FlushString(true));
  release_->text += '"';
  state_ = in_key_ ? State::kColon : State::kNext;
  return absl::OkStatus();
}

// Decodes escape_ when it is complete. What is no escape stands for itself.
void ArgumentsMasker::TakeEscape() {
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
    for (const char c : literally) AddByte(c);
    return;
  }
  if (escape_.size() < 6) return;
  const std::uint32_t unit = Hex4(absl::string_view(escape_).substr(2));
  if (IsHigh(unit)) return;  // Its other half may follow.
  AddUnit(IsLow(unit) ? kReplacementCharacter : unit, 6);
}

// escape_ is a high surrogate and the beginning of another escape.
void ArgumentsMasker::TakePairedEscape() {
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

// The first `spelled` bytes of escape_ are done: they stand for `code_point`.
void ArgumentsMasker::AddUnit(std::uint32_t code_point, std::size_t spelled) {
  const std::string bytes = Encode(code_point);
  decoded_ += bytes;
  units_.push_back({static_cast<std::uint8_t>(bytes.size()), static_cast<std::uint8_t>(spelled)});
  spelling_.append(escape_, 0, spelled);
  escape_.erase(0, spelled);
}

void ArgumentsMasker::AddByte(char c) {
  decoded_ += c;
  units_.push_back({1, 1});
  spelling_ += c;
}

absl::Status ArgumentsMasker::FlushString(bool end) {
  std::string text;
  std::vector<text::RedactedSpan> spans;
  const std::string decoded = std::exchange(decoded_, "");
  CS_RETURN_IF_ERROR(stream_.Feed(decoded, end, &text, &spans));
  Emit(text, spans);
  return absl::OkStatus();
}

absl::Status ArgumentsMasker::TakeInNumber(char c) {
  const bool ended = IsSpace(token_.back());
  if ((!ended && IsNumberByte(c)) || IsSpace(c)) {
    token_ += c;
    if (token_.size() > kMaxNumberBytes) {
      return WithReason(absl::ResourceExhaustedError("a number in a tool call is too long to mask"),
                        "masking_limit");
    }
    return absl::OkStatus();
  }
  const char container = containers_.empty() ? '\0' : containers_.back();
  const bool fits = (c == ',' && container != '\0') || (c == '}' && container == '{') ||
                    (c == ']' && container == '[');
  if (!fits) {
    const std::string held = std::exchange(token_, "") + c;
    return GoPlain(held);
  }
  CS_RETURN_IF_ERROR(FinishNumber());
  return TakeStructure(c);
}

absl::Status ArgumentsMasker::FinishNumber() {
  const std::string token = std::exchange(token_, "");
  const std::size_t size = std::min(token.size(), token.find_first_of(" \t\r\n"));
  stream_ = text::RedactionStream(rules_);
  for (const char c : token.substr(0, size)) AddByte(c);
  std::string text;
  std::vector<text::RedactedSpan> spans;
  const std::string number = std::exchange(decoded_, "");
  CS_RETURN_IF_ERROR(stream_.Feed(number, true, &text, &spans));
  const absl::string_view quote = spans.empty() ? "" : "\"";
  release_->text.append(quote.data(), quote.size());
  Emit(text, spans);
  release_->text.append(quote.data(), quote.size());
  release_->text.append(token, size, std::string::npos);
  state_ = State::kNext;
  return absl::OkStatus();
}

absl::Status ArgumentsMasker::TakeInLiteral(char c) {
  token_ += c;
  for (const absl::string_view literal : {"true", "false", "null"}) {
    if (token_ == literal) {
      release_->text += std::exchange(token_, "");
      state_ = State::kNext;
      return absl::OkStatus();
    }
    if (absl::StartsWith(literal, token_)) return absl::OkStatus();
  }
  return GoPlain(std::exchange(token_, ""));
}

// From here on nothing is JSON; `held` is the first of it.
absl::Status ArgumentsMasker::GoPlain(absl::string_view held) {
  state_ = State::kPlain;
  stream_ = text::RedactionStream(rules_);
  decoded_ = std::string(held);
  return FlushPlain(false);
}

absl::Status ArgumentsMasker::FlushPlain(bool end) {
  std::vector<text::RedactedSpan> spans;
  const std::string plain = std::exchange(decoded_, "");
  CS_RETURN_IF_ERROR(stream_.Feed(plain, end, &release_->text, &spans));
  for (text::RedactedSpan& span : spans) {
    release_->masked.push_back(
        {span.begin, span.end, std::move(span.entity), std::move(span.original)});
  }
  return absl::OkStatus();
}

// The document ends here, whole or not: everything held is decided.
absl::Status ArgumentsMasker::Finish() {
  switch (state_) {
    case State::kNumber: return FinishNumber();
    case State::kPlain: return FlushPlain(true);
    case State::kString:
      CS_RETURN_IF_ERROR(FlushString(true));
      release_->text += std::exchange(escape_, "");
      return absl::OkStatus();
    default: release_->text += std::exchange(token_, ""); return absl::OkStatus();
  }
}

// Writes what the stream of the current string or number released, in the spelling it came in.
void ArgumentsMasker::Emit(absl::string_view text, std::vector<text::RedactedSpan>& spans) {
  std::size_t at = 0;
  for (text::RedactedSpan& span : spans) {
    EmitClear(span.begin - at);
    Drop(span.input_end - span.input_begin);
    const std::size_t begin = release_->text.size();
    release_->text += Escaped(text.substr(span.begin, span.end - span.begin));
    release_->masked.push_back(
        {begin, release_->text.size(), std::move(span.entity), std::move(span.original)});
    at = span.end;
  }
  EmitClear(text.size() - at);
  spelling_.erase(0, std::exchange(spelling_done_, 0));
}

void ArgumentsMasker::EmitClear(std::size_t decoded) {
  const std::size_t from = spelling_done_;
  Drop(decoded);
  release_->text.append(spelling_, from, spelling_done_ - from);
}

void ArgumentsMasker::Drop(std::size_t decoded) {
  while (decoded > 0 && !units_.empty()) {
    Unit& unit = units_.front();
    const std::size_t part = std::min<std::size_t>(decoded, unit.decoded);
    spelling_done_ += std::exchange(unit.spelled, std::uint8_t{0});
    unit.decoded = static_cast<std::uint8_t>(unit.decoded - part);
    decoded -= part;
    if (unit.decoded == 0) units_.pop_front();
  }
}

}  // namespace countersign::masking
