#include "libs/dialects/answers/document_mask.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/json/writer.h"

namespace countersign::dialects::answers {

DocumentMask::DocumentMask(const FoundTexts& found, PieceQueue& queue,
                           absl::FunctionRef<bool(const FoundText&)> ends) {
  texts_.reserve(found.texts.size());
  for (const FoundText& text : found.texts) AddText(text, text.continues() && ends(text), queue);
  for (const FoundCopy& item : found.copies) {
    Copy copy{{item.value.begin(), item.value.end()}, item.field, item.tokens, std::nullopt};
    if (!item.alternatives.empty()) copy.alternatives = queue.AddWhole(item.alternatives);
    copies_.push_back(std::move(copy));
  }
  for (const json::Value& value : found.padding) padding_.push_back({value.begin(), value.end()});
  if (found.unknown_names.empty()) return;
  unknown_names_ = queue.AddWhole(absl::StrJoin(found.unknown_names, "\n"));
}

void DocumentMask::AddText(const FoundText& text, bool end, PieceQueue& queue) {
  const std::optional<std::size_t> piece = text.continues()
                                               ? queue.Add(text.field, text.text(), end)
                                               : queue.AddWhole(text.text(), text.field);
  if (!piece) return;
  texts_.push_back(
      Text{*piece, {text.value.begin(), text.value.end()}, text.field, text.continues()});
}

// A copy stays only where it spells exactly a text that leaves unchanged: anything else would
// reveal, token by token, what was masked or is still held.
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
  return spelled == copy.tokens;
}

absl::StatusOr<DocumentMask::Outcome> DocumentMask::Apply(
    const std::vector<domain::FieldRelease>& releases, PieceQueue& queue) const {
  Outcome outcome;
  bool remains = false;
  for (const Text& text : texts_) {
    const domain::FieldRelease& release = releases[text.piece];
    remains |= text.continues && !release.text.empty();
    if (!text.continues) queue.Remember(release, text.field);
    if (release.Unchanged()) continue;
    outcome.edits.push_back(Edit{text.range.begin, text.range.end, json::Quote(release.text)});
    for (const domain::MaskedSpan& span : release.masked) {
      outcome.masked.push_back(domain::DeliveredSpan{text.field, span});
    }
  }
  outcome.texts_withheld = !outcome.edits.empty() && !remains;
  for (const Copy& copy : copies_) {
    if (!MayStay(copy, releases)) {
      outcome.edits.push_back(Edit{copy.range.begin, copy.range.end, "null"});
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
    return absl::FailedPreconditionError("the name of a member would have to be masked");
  }
  return outcome;
}

}  // namespace countersign::dialects::answers
