#include "services/masking/spelled_text.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/base/utf8.h"
#include "libs/json/writer.h"

namespace countersign::masking {
namespace {

constexpr std::size_t kMaxBackslashes = 64;
constexpr std::size_t kEscapeDigits = 4;

// `text` as written inside a JSON string.
std::string Escaped(absl::string_view text) {
  const std::string quoted = json::Quote(text);
  return quoted.substr(1, quoted.size() - 2);
}

bool IsHex(char c) { return absl::ascii_isxdigit(static_cast<unsigned char>(c)); }

std::uint32_t HexValue(absl::string_view digits) {
  std::uint32_t value = 0;
  for (const char c : digits) {
    const char digit = absl::ascii_tolower(static_cast<unsigned char>(c));
    value = value * 16 + static_cast<std::uint32_t>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
  }
  return value;
}

}  // namespace

SpelledText::SpelledText(std::shared_ptr<const text::redaction::RuleSet> rules)
    : rules_(std::move(rules)), stream_(rules_) {}

std::size_t SpelledText::held() const {
  const std::size_t units = spelled_out_ ? spelling_.size() - spelling_done_ : stream_.held();
  return units + pending_spelling_.size() + number_input_;
}

std::size_t SpelledText::memory_bytes() const {
  return sizeof(*this) - sizeof(stream_) + stream_.memory_bytes() + fresh_.capacity() +
         tail_.capacity() + units_.capacity() * sizeof(Unit) + spelling_.capacity() +
         pending_.capacity() * sizeof(Unit) + pending_decoded_.capacity() +
         pending_spelling_.capacity() + number_.capacity();
}

SpelledText::Unit SpelledText::MakeUnit(absl::string_view decoded, absl::string_view spelled,
                                        Kind kind) {
  // A character has up to four bytes; kMaxBackslashes bounds the longest spelling of one.
  return {static_cast<std::uint16_t>(spelled.size()), static_cast<std::uint8_t>(decoded.size()),
          kind};
}

void SpelledText::Add(absl::string_view decoded, absl::string_view spelled, Kind kind) {
  if (!pending_.empty() && !Extends(decoded, kind)) Settle();
  const bool may_escape = kind == Kind::kPlain || kind == Kind::kString;
  if (pending_.empty() && !(may_escape && decoded == "\\")) return Push(decoded, spelled, kind);
  pending_.push_back(MakeUnit(decoded, spelled, kind));
  absl::StrAppend(&pending_decoded_, decoded);
  absl::StrAppend(&pending_spelling_, spelled);
  Resolve();
}

// Whether this character continues the pending characters to an escape.
bool SpelledText::Extends(absl::string_view decoded, Kind kind) const {
  if (decoded.size() != 1 || pending_.back().kind != kind) return false;
  const std::size_t slashes = pending_decoded_.find_first_not_of('\\');
  if (slashes == std::string::npos) {
    return decoded == "u" || (decoded == "\\" && pending_.size() < kMaxBackslashes);
  }
  return IsHex(decoded[0]);
}

// Replaces a complete escape by one unit.
void SpelledText::Resolve() {
  const std::size_t slashes = pending_decoded_.find_first_not_of('\\');
  if (slashes == std::string::npos || pending_.size() < slashes + 1 + kEscapeDigits) return;
  const std::string meaning =
      EncodeUtf8(HexValue(absl::string_view(pending_decoded_).substr(slashes + 1)));
  if (meaning.empty()) return Settle();  // half of a pair: it means nothing alone
  const Kind kind = pending_.front().kind;
  pending_.clear();
  pending_decoded_.clear();
  const std::string spelling = std::exchange(pending_spelling_, "");
  Push(meaning, spelling, kind);
}

// The pending characters are not an escape.
void SpelledText::Settle() {
  const std::vector<Unit> units = std::exchange(pending_, {});
  const std::string decoded = std::exchange(pending_decoded_, "");
  const std::string spelling = std::exchange(pending_spelling_, "");
  std::size_t in_decoded = 0, in_spelling = 0;
  for (const Unit& unit : units) {
    Push(absl::string_view(decoded).substr(in_decoded, unit.decoded),
         absl::string_view(spelling).substr(in_spelling, unit.spelled), unit.kind);
    in_decoded += unit.decoded;
    in_spelling += unit.spelled;
  }
}

void SpelledText::Push(absl::string_view decoded, absl::string_view spelled, Kind kind) {
  if (!spelled_out_ && (decoded != spelled || kind != Kind::kPlain)) {
    spelled_out_ = true;
    for (const std::string* const text : {&tail_, &fresh_}) {
      units_.insert(units_.end(), text->size(), Unit{1, 1, Kind::kPlain});
      absl::StrAppend(&spelling_, *text);
    }
    tail_.clear();
  }
  absl::StrAppend(&fresh_, decoded);
  if (!spelled_out_) return;
  units_.push_back(MakeUnit(decoded, spelled, kind));
  absl::StrAppend(&spelling_, spelled);
}

void SpelledText::AddPlain(absl::string_view text) {
  while (!text.empty()) {
    if (pending_.empty()) {
      const std::size_t clear = std::min(text.find('\\'), text.size());
      if (!spelled_out_) {
        absl::StrAppend(&fresh_, text.substr(0, clear));
      } else {
        for (const char& c : text.substr(0, clear)) {
          Push(absl::string_view(&c, 1), absl::string_view(&c, 1), Kind::kPlain);
        }
      }
      text.remove_prefix(clear);
      if (text.empty()) return;
    }
    Add(text.substr(0, 1), text.substr(0, 1), Kind::kPlain);
    text.remove_prefix(1);
  }
}

absl::Status SpelledText::Flush(bool end, domain::FieldRelease& release,
                                std::vector<Replaced>* places) {
  release_ = &release;
  places_ = places;
  if (end) Settle();
  const std::string fresh = std::exchange(fresh_, "");
  std::string text;
  std::vector<text::redaction::RedactedSpan> spans;
  CS_RETURN_IF_ERROR(stream_.Feed(fresh, end, &text, &spans));
  text::redaction::JoinContinued(spans);
  decoded_fed_ += fresh.size();
  const std::uint64_t done_before = std::exchange(decoded_done_, decoded_fed_ - stream_.held());
  if (spelled_out_) {
    Emit(text, spans);
    if (end) EndNumber();
    spelled_out_ = !units_.empty() || number_input_ > 0;
    Shrink();
    return absl::OkStatus();
  }
  const std::size_t base = release.text.size();
  absl::StrAppend(&release.text, text);
  for (text::redaction::RedactedSpan& span : spans) {
    if (places != nullptr) {
      places->push_back(
          {consumed_ + span.input_begin - done_before, consumed_ + span.input_end - done_before});
    }
    release.masked.push_back(
        {base + span.begin, base + span.end, std::move(span.entity), std::move(span.original)});
  }
  RememberTail(fresh);
  Shrink();
  return absl::OkStatus();
}

void SpelledText::RememberTail(absl::string_view text) {
  const std::size_t held = stream_.held();
  consumed_ += tail_.size() + text.size() - held;
  if (held <= text.size()) {
    tail_ = std::string(text.substr(text.size() - held));
    return;
  }
  absl::StrAppend(&tail_, text);
  tail_.erase(0, tail_.size() - held);
}

// Writes the text that the stream released, in its original spelling.
void SpelledText::Emit(absl::string_view text, std::vector<text::redaction::RedactedSpan>& spans) {
  std::size_t at = 0;
  for (text::redaction::RedactedSpan& span : spans) {
    EmitClear(span.begin - at);
    at = span.end;
    EmitMatch(text.substr(span.begin, span.end - span.begin), span);
  }
  EmitClear(text.size() - at);
  spelling_.erase(0, std::exchange(spelling_done_, 0));
  units_.erase(units_.begin(),
               units_.begin() + static_cast<std::ptrdiff_t>(std::exchange(units_done_, 0)));
}

// Frees the memory that a large piece needed, so that a stream stays small between pieces.
void SpelledText::Shrink() {
  constexpr std::size_t kKept = 16;
  if (units_.capacity() > 2 * (units_.size() + kKept)) units_.shrink_to_fit();
  if (spelling_.capacity() > 2 * (spelling_.size() + kKept)) spelling_.shrink_to_fit();
  if (tail_.capacity() > 2 * (tail_.size() + kKept)) tail_.shrink_to_fit();
}

// The spelling of the next character; subtracts the length of its matched form from `decoded`.
// Empty when the spelling was written with the character's first byte.
absl::string_view SpelledText::TakeSpelling(std::size_t& decoded) {
  Unit& unit = units_[units_done_];
  const auto part = static_cast<std::uint8_t>(std::min<std::size_t>(decoded, unit.decoded));
  const std::size_t size = std::exchange(unit.spelled, std::uint16_t{0});
  const absl::string_view spelling = absl::string_view(spelling_).substr(spelling_done_, size);
  spelling_done_ += size;
  consumed_ += size;
  decoded -= part;
  unit.decoded -= part;
  if (unit.decoded == 0) ++units_done_;
  return spelling;
}

void SpelledText::EmitClear(std::size_t decoded) {
  while (decoded > 0 && units_done_ < units_.size()) {
    const bool in_number = units_[units_done_].kind == Kind::kNumber;
    if (!in_number) EndNumber();
    const absl::string_view spelling = TakeSpelling(decoded);
    absl::StrAppend(in_number ? &number_ : &release_->text, spelling);
    if (in_number) number_input_ += spelling.size();
  }
}

void SpelledText::EmitMatch(absl::string_view replacement, text::redaction::RedactedSpan& span) {
  std::size_t decoded = span.input_end - span.input_begin;
  const std::uint64_t in_begin = consumed_;
  domain::MaskedSpan masked{0, 0, std::move(span.entity), std::move(span.original)};
  bool shown = false, in_number = false;
  while (decoded > 0 && units_done_ < units_.size()) {
    const Kind kind = units_[units_done_].kind;
    if (kind != Kind::kNumber) EndNumber();
    const absl::string_view spelling = TakeSpelling(decoded);
    if (kind == Kind::kStructure) {
      absl::StrAppend(&release_->text, spelling);
      continue;
    }
    if (kind == Kind::kNumber) {
      number_changed_ = true;
      number_input_ += spelling.size();
    }
    if (std::exchange(shown, true)) continue;
    in_number = kind == Kind::kNumber;
    std::string& out = in_number ? number_ : release_->text;
    masked.begin = out.size();
    absl::StrAppend(&out, kind == Kind::kPlain ? std::string(replacement) : Escaped(replacement));
    masked.end = out.size();
  }
  if (!shown) return;  // nothing but punctuation
  const Replaced place{in_begin, consumed_};
  if (in_number && number_input_ > 0) {
    number_spans_.push_back(std::move(masked));
    number_places_.push_back(place);
    return;
  }
  release_->masked.push_back(std::move(masked));
  if (places_ != nullptr) places_->push_back(place);
}

void SpelledText::EndNumber() {
  if (number_input_ == 0) return;
  const absl::string_view quote = number_changed_ ? "\"" : "";
  const std::size_t base = release_->text.size() + quote.size();
  absl::StrAppend(&release_->text, quote, number_, quote);
  for (domain::MaskedSpan& span : number_spans_) {
    span.begin += base;
    span.end += base;
    release_->masked.push_back(std::move(span));
  }
  if (places_ != nullptr) {
    places_->insert(places_->end(), number_places_.begin(), number_places_.end());
  }
  number_spans_.clear();
  number_places_.clear();
  number_.clear();
  number_input_ = 0;
  number_changed_ = false;
}

}  // namespace countersign::masking
