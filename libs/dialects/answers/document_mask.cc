#include "libs/dialects/answers/document_mask.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "libs/base/status.h"
#include "libs/dialects/answers/whole_texts.h"
#include "libs/dialects/decoded_view.h"
#include "libs/json/writer.h"

namespace countersign::dialects::answers {

namespace {

// A match of joined values that reaches into the last one, and is not masked there anyway. The
// originals of credentials are empty: one that begins before the last value is not masked there.
std::optional<domain::MaskedSpan> FindMatchBeyond(const domain::FieldRelease& joined,
                                                  std::size_t before,
                                                  const domain::FieldRelease& own) {
  for (const domain::MaskedSpan& span : joined.masked) {
    const bool known = std::any_of(
        own.masked.begin(), own.masked.end(),
        [&](const domain::MaskedSpan& masked) { return masked.original == span.original; });
    const bool is_new = !known || (span.original.empty() && span.in_begin < before);
    if (span.in_end > before && is_new) return span;
  }
  return std::nullopt;
}

}  // namespace

void AddDecodedViews(FoundTexts& found, PieceQueue& queue) {
  for (FoundText& text : found.texts) {
    // A copy is masked like the text that it repeats.
    if (!text.is_string() || IsCopyField(text.field)) continue;
    for (const std::string& view : DecodedViews(text.text())) {
      if (const auto piece = queue.AddWhole(view)) text.joined.push_back({*piece, 0});
    }
  }
}

void AddIdentifierParts(FoundTexts& found, PieceQueue& queue) {
  constexpr std::ptrdiff_t kFewestDigits = 12;  // of the shortest number that is a secret
  for (FoundText& text : found.texts) {
    const absl::string_view value = text.text();
    if (text.continuation != Continuation::kWhole || !text.is_string()) continue;
    // The model's own text has the same matches in a body as in the pieces of a stream.
    if ((text.is_output && !text.at_unknown_place) || IsCopyField(text.field)) continue;
    if (!LooksLikeIdentifier(value) || queue.Knows(value, text.field)) continue;
    std::vector<std::string> parts;
    for (const char separator : {'_', '-'}) {
      const std::size_t at = value.find(separator);
      if (at != absl::string_view::npos) parts.emplace_back(value.substr(at + 1));
    }
    const auto is_digit = [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); };
    if (std::count_if(value.begin(), value.end(), is_digit) >= kFewestDigits) {
      parts.push_back(absl::StrReplaceAll(value, {{"_", " "}}));
    }
    for (const std::string& part : parts) {
      if (part.empty() || part == value) continue;
      if (const auto piece = queue.AddWhole(part)) text.joined.push_back({*piece, 0});
    }
  }
}

DocumentMask::DocumentMask(const FoundTexts& found, PieceQueue& queue,
                           absl::FunctionRef<bool(const FoundText&)> ends)
    : has_copies_(!found.copies.empty()) {
  texts_.reserve(found.texts.size());
  for (const FoundText& text : found.texts) AddText(text, text.continues() && ends(text), queue);
  for (const FoundCopy& item : found.copies) {
    Copy copy{{item.value.begin(), item.value.end()},
              item.field,
              item.tokens,
              std::nullopt,
              item.replacement};
    if (!item.alternatives.empty()) copy.alternatives = queue.AddWhole(item.alternatives);
    copies_.push_back(std::move(copy));
  }
  for (const json::Value& value : found.padding) padding_.push_back({value.begin(), value.end()});
  if (found.unknown_names.empty()) return;
  unknown_names_ = queue.AddWhole(absl::StrJoin(found.unknown_names, "\n"));
}

void DocumentMask::AddText(const FoundText& text, bool end, PieceQueue& queue) {
  std::optional<std::size_t> piece =
      text.continues() ? queue.Add(text.field, text.text().substr(text.repeated), end)
                       : queue.AddWhole(text.text(), text.field);
  // The cache knows the text; the answer is needed all the same, to replace it as a whole.
  if (!piece && !text.joined.empty()) {
    piece = queue.Add(absl::StrCat("whole/", text.field), text.text(), true);
  }
  if (!piece) {
    if (has_copies_) unasked_.push_back(OutputText{text.field, std::string(text.text())});
    if (text.is_output) {
      unasked_output_.push_back(OutputText{text.field, std::string(text.text())});
    }
    return;
  }
  Text& added = texts_.emplace_back(Text{*piece,
                                         {text.value.begin(), text.value.end()},
                                         text.field,
                                         text.group,
                                         text.continues(),
                                         text.repeats,
                                         text.is_output,
                                         !text.document.empty(),
                                         text.intact,
                                         text.repeated == 0,
                                         text.context,
                                         text.growth,
                                         text.joined,
                                         std::nullopt,
                                         std::nullopt});
  if (!text.growth) return;
  const std::string grows = GrowthField(text.field);
  if (text.growth->ends) added.ended = queue.Add(grows, "", true);
  if (text.growth->repeated > 0) {
    const std::size_t known = text.growth->first ? 0 : text.growth->repeated;
    added.grown = queue.Add(grows, text.text().substr(known), end);
  }
}

std::optional<std::size_t> DocumentMask::FindPiece(absl::string_view field) const {
  const auto text = std::find_if(texts_.rbegin(), texts_.rend(),
                                 [&](const Text& each) { return each.field == field; });
  return text == texts_.rend() ? std::nullopt : std::optional(text->piece);
}

std::optional<domain::FieldRelease> DocumentMask::ReplaceJoined(
    const Text& text, const std::vector<domain::FieldRelease>& releases) {
  for (const JoinedPiece& piece : text.joined) {
    const domain::FieldRelease& joined = releases[piece.piece];
    const std::optional<domain::MaskedSpan> match =
        FindMatchBeyond(joined, piece.before, releases[text.piece]);
    if (!match) continue;
    domain::MaskedSpan span = *match;
    domain::FieldRelease release;
    release.text = joined.text.substr(span.begin, span.end - span.begin);
    span.begin = 0;
    span.end = release.text.size();
    release.masked.push_back(std::move(span));
    return release;
  }
  return std::nullopt;
}

std::optional<domain::FieldRelease> DocumentMask::Replace(
    const Text& text, const std::vector<domain::FieldRelease>& releases, ReleasedTexts& released) {
  if (auto replaced = ReplaceJoined(text, releases)) return replaced;
  domain::FieldRelease release = releases[text.piece];
  const auto known = released.by_field.find(text.field);
  if (!text.repeats && !text.context && known == released.by_field.end()) {
    return release.Unchanged() ? std::nullopt : std::optional(std::move(release));
  }
  ReleasedTexts::Text& before = released.by_field[text.field];
  if (text.repeats) {
    if (text.begins) before = {};
    before.changed |= !release.Unchanged();
    for (domain::MaskedSpan& span : release.masked) {
      span.begin += before.released.size();
      span.end += before.released.size();
    }
    absl::StrAppend(&before.released, release.text);
    release.text = before.released;
    return before.changed ? std::optional(std::move(release)) : std::nullopt;
  }
  // Text that was already sent is not sent again.
  if (text.context) before.delivered = releases[*text.context].held_after;
  const std::size_t clear =
      release.masked.empty() ? release.text.size() : release.masked.front().begin;
  const std::size_t again = std::min(before.delivered, clear);
  const bool unchanged = release.Unchanged();
  release.text.erase(0, again);
  for (domain::MaskedSpan& span : release.masked) {
    span.begin -= again;
    span.end -= again;
  }
  before.delivered = release.masked.empty() ? before.delivered - again : 0;
  return unchanged ? std::nullopt : std::optional(std::move(release));
}

// A copy is kept only if it spells exactly a text that is sent unchanged: any other would reveal,
// token by token, text that was masked or is held back.
bool DocumentMask::MayStay(const Copy& copy,
                           const std::vector<domain::FieldRelease>& releases) const {
  if (copy.field.empty()) return false;
  if (copy.alternatives && !releases[*copy.alternatives].Unchanged()) return false;
  std::string spelled;
  for (const Text& text : texts_) {
    if (text.field != copy.field) continue;
    if (!releases[text.piece].Unchanged()) return false;
    absl::StrAppend(&spelled, releases[text.piece].text);
  }
  for (const OutputText& text : unasked_) {
    if (text.field == copy.field) absl::StrAppend(&spelled, text.text);
  }
  return spelled == copy.tokens;
}

absl::StatusOr<std::vector<domain::FieldRelease>> DocumentMask::Guard(
    const std::vector<domain::FieldRelease>& releases, ReleasedTexts& released) const {
  std::vector<domain::FieldRelease> guarded = releases;
  for (const Text& text : texts_) {
    if (!text.growth) continue;
    GrowthGuard::Releases own{releases[text.piece]};
    if (text.ended) own.ended = &releases[*text.ended];
    if (text.grown) own.grown = &releases[*text.grown];
    CS_ASSIGN_OR_RETURN(guarded[text.piece],
                        released.guards[text.field].Apply(*text.growth, std::move(own)));
  }
  return guarded;
}

void DocumentMask::NoteContinued(const Text& text, const domain::FieldRelease& asked,
                                 const std::optional<domain::FieldRelease>& release,
                                 Outcome& outcome) {
  ContinuedText& continued = outcome.continued.emplace_back();
  continued.field = text.field;
  continued.group = text.group;
  continued.held = asked.held_after;
  if (!release) return;
  continued.released = release->text;
  continued.edit_at = outcome.edits.size();
}

absl::StatusOr<DocumentMask::Outcome> DocumentMask::Apply(
    const std::vector<domain::FieldRelease>& releases, PieceQueue& queue,
    ReleasedTexts& released) const {
  if (std::none_of(texts_.begin(), texts_.end(),
                   [](const Text& text) { return text.growth.has_value(); })) {
    return ApplyGuarded(releases, queue, released);
  }
  CS_ASSIGN_OR_RETURN(const auto guarded, Guard(releases, released));
  return ApplyGuarded(guarded, queue, released);
}

absl::StatusOr<DocumentMask::Outcome> DocumentMask::ApplyGuarded(
    const std::vector<domain::FieldRelease>& releases, PieceQueue& queue,
    ReleasedTexts& released) const {
  Outcome outcome;
  outcome.output = unasked_output_;
  bool remains = false;
  for (const Text& text : texts_) {
    std::optional<domain::FieldRelease> release = Replace(text, releases, released);
    if (text.intact) {
      if (text.is_output) {
        outcome.output.push_back(OutputText{text.field, releases[text.piece].text});
      }
      outcome.intact.push_back({text.range.begin, text.range.end, text.field,
                                release ? *std::move(release) : releases[text.piece]});
      continue;
    }
    remains |= text.continues && !(release ? *release : releases[text.piece]).text.empty();
    if (text.continues) {
      NoteContinued(text, releases[text.piece], release, outcome);
    } else if (!release) {
      queue.Remember(releases[text.piece], text.field);
    }
    if (text.is_output) {
      // Of a text that repeats itself only the addition is new.
      const bool in_full = !release || text.repeats;
      outcome.output.push_back(
          OutputText{text.field, in_full ? releases[text.piece].text : release->text});
    }
    if (!release) continue;
    outcome.edits.push_back(Edit{text.range.begin, text.range.end,
                                 text.is_document ? release->text : json::Quote(release->text)});
    for (domain::MaskedSpan& span : release->masked) {
      outcome.masked.push_back(domain::DeliveredSpan{text.field, std::move(span)});
    }
  }
  outcome.texts_withheld = !outcome.edits.empty() && !remains;
  for (const Copy& copy : copies_) {
    if (!MayStay(copy, releases)) {
      outcome.edits.push_back(
          Edit{copy.range.begin, copy.range.end, std::string(copy.replacement)});
    }
  }
  if (!outcome.edits.empty()) {
    for (const Range& range : padding_) {
      outcome.edits.push_back(Edit{range.begin, range.end, "\"\""});
    }
  }
  if (!unknown_names_) return outcome;
  queue.Remember(releases[*unknown_names_]);
  if (!releases[*unknown_names_].Unchanged()) {
    return absl::FailedPreconditionError(
        "the name of a member must be masked, but cannot be replaced");
  }
  return outcome;
}

}  // namespace countersign::dialects::answers
