#include "services/masking/spelled_text.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "libs/base/status.h"
#include "libs/json/writer.h"
#include "libs/text/unicode/sentences.h"
#include "libs/text/unicode/text_fold.h"

namespace countersign::masking {
namespace {

// `text` escaped for `depth` enclosing JSON strings.
std::string Escaped(absl::string_view text, int depth) {
  std::string escaped(text);
  for (; depth > 0; --depth) {
    const std::string quoted = json::Quote(escaped);
    escaped = quoted.substr(1, quoted.size() - 2);
  }
  return escaped;
}

}  // namespace

SpelledText::SpelledText(std::shared_ptr<const text::redaction::RuleSet> rules)
    : rules_(std::move(rules)), stream_(rules_) {}

std::size_t SpelledText::held() const {
  const std::size_t units =
      spelled_out_ ? spelling_.size() - spelling_done_ : stream_.held() + fresh_.size();
  return units + number_input_;
}

std::size_t SpelledText::memory_bytes() const {
  return sizeof(*this) - sizeof(stream_) + stream_.memory_bytes() + fresh_.capacity() +
         tail_.capacity() + units_.capacity() * sizeof(Unit) + spelling_.capacity() +
         number_.capacity();
}

SpelledText::Unit SpelledText::MakeUnit(absl::string_view decoded, absl::string_view spelled,
                                        Place place) {
  // A character has up to four bytes, and spelling.h limits the length of its spelling.
  Unit unit{};
  unit.spelled = static_cast<std::uint16_t>(spelled.size());
  unit.decoded = static_cast<std::uint8_t>(decoded.size());
  unit.kind = place.kind;
  unit.depth = place.depth & 15;
  unit.is_whole_number = place.kind == Kind::kNumber && decoded.size() > 1;
  return unit;
}

void SpelledText::Add(absl::string_view decoded, absl::string_view spelled, Place place) {
  if (!spelled_out_ && (decoded != spelled || place.kind != Kind::kPlain)) {
    spelled_out_ = true;
    for (const std::string* const text : {&tail_, &fresh_}) {
      units_.insert(units_.end(), text->size(), Unit{1, 1, Kind::kPlain, 0, false});
      absl::StrAppend(&spelling_, *text);
    }
    tail_.clear();
  }
  // Quotes of a document are edges of another kind than quotes in its strings.
  const bool edge =
      place.kind == Kind::kStructure && decoded == " " && absl::EndsWith(spelled, "\"");
  const absl::string_view matched = edge ? text::unicode::kStringEdgeMark : decoded;
  absl::StrAppend(&fresh_, matched);
  if (!spelled_out_) return;
  units_.push_back(MakeUnit(matched, spelled, place));
  absl::StrAppend(&spelling_, spelled);
}

void SpelledText::AddPlain(absl::string_view text) {
  if (!spelled_out_) return absl::StrAppend(&fresh_, text);
  for (const char& c : text) Add(absl::string_view(&c, 1), absl::string_view(&c, 1), Place{});
}

absl::Status SpelledText::Flush(bool end, domain::FieldRelease& release,
                                std::vector<Replaced>* places) {
  return Release(std::exchange(fresh_, ""), end, release, places);
}

void SpelledText::CutSentences(bool end, std::vector<std::string>& sentences) {
  while (sentences_size_ < fresh_.size()) {
    const absl::string_view rest = absl::string_view(fresh_).substr(sentences_size_);
    std::size_t size = text::unicode::FindSentenceEnd(rest);
    if (size == 0 && end) size = rest.size();
    if (size == 0) return;
    sentences.emplace_back(rest.substr(0, size));
    sentences_.push_back(size);
    sentences_size_ += size;
  }
}

absl::Status SpelledText::FlushSentences(const std::vector<SentenceMatches>& found, bool end,
                                         domain::FieldRelease& release,
                                         std::vector<Replaced>* places) {
  std::size_t size = 0;
  for (const SentenceMatches& matches : found) {
    for (text::redaction::GivenMatch match : matches) {
      match.begin += decoded_fed_ + size;
      match.end += decoded_fed_ + size;
      stream_.Give(match);
    }
    size += sentences_.front();
    sentences_.pop_front();
  }
  sentences_size_ -= size;
  const std::string fresh = fresh_.substr(0, size);
  fresh_.erase(0, size);
  return Release(fresh, end, release, places);
}

absl::Status SpelledText::Release(const std::string& fresh, bool end, domain::FieldRelease& release,
                                  std::vector<Replaced>* places) {
  release_ = &release;
  places_ = places;
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
    in_number ? void(number_depth_ = units_[units_done_].depth) : EndNumber();
    if (units_[units_done_].spelled > 0) number_unit_at_ = number_.size();
    const absl::string_view spelling = TakeSpelling(decoded);
    absl::StrAppend(in_number ? &number_ : &release_->text, spelling);
    if (in_number) number_input_ += spelling.size();
  }
}

void SpelledText::EmitMatch(absl::string_view replacement, text::redaction::RedactedSpan& span) {
  std::size_t decoded = span.input_end - span.input_begin;
  const std::uint64_t in_begin = consumed_;
  domain::MaskedSpan masked{
      0, 0, std::move(span.entity),
      absl::StrReplaceAll(span.original, {{text::unicode::kStringEdgeMark, " "}})};
  bool shown = false, in_number = false;
  while (decoded > 0 && units_done_ < units_.size()) {
    const Kind kind = units_[units_done_].kind;
    const int depth = units_[units_done_].depth;
    if (kind != Kind::kNumber) EndNumber();
    if (units_[units_done_].spelled > 0) number_unit_at_ = number_.size();
    if (units_[units_done_].is_whole_number) {
      number_.resize(number_unit_at_);
      number_spans_.clear();
      number_places_.clear();
    }
    const absl::string_view spelling = TakeSpelling(decoded);
    if (kind == Kind::kStructure) {
      absl::StrAppend(&release_->text, spelling);
      continue;
    }
    if (kind == Kind::kNumber) {
      number_changed_ = true;
      number_depth_ = depth;
      number_input_ += spelling.size();
    }
    if (std::exchange(shown, true)) continue;
    in_number = kind == Kind::kNumber;
    std::string& out = in_number ? number_ : release_->text;
    masked.begin = out.size();
    // A number becomes a string.
    absl::StrAppend(&out, Escaped(replacement, in_number ? depth + 1 : depth));
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
  const std::string quote = number_changed_ ? Escaped("\"", number_depth_) : "";
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
