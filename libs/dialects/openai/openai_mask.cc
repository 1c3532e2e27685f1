#include "libs/dialects/openai/openai_mask.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/status.h"
#include "libs/json/writer.h"

namespace countersign::dialects {
namespace {

constexpr std::size_t kRemembered = 256;  // texts, and bytes of one

}  // namespace

std::size_t PieceQueue::Add(const std::string& field, absl::string_view text, bool end) {
  pieces_.push_back(domain::FieldPiece{field, std::string(text), end});
  return pieces_.size() - 1;
}

std::optional<std::size_t> PieceQueue::AddWhole(absl::string_view text, absl::string_view name) {
  if (text.size() <= kRemembered && unchanged_.contains(absl::StrCat(name, "\n", text))) {
    return std::nullopt;
  }
  return Add(absl::StrCat("whole/", ++whole_, "/", name), text, true);
}

void PieceQueue::Learn(absl::string_view text, const domain::FieldRelease& release,
                       absl::string_view name) {
  if (release.Unchanged() && text.size() <= kRemembered && unchanged_.size() < kRemembered) {
    unchanged_.insert(absl::StrCat(name, "\n", text));
  }
}

std::vector<domain::FieldPiece> PieceQueue::Take() { return std::exchange(pieces_, {}); }

void DocumentMask::AddText(const FoundText& text, bool end, PieceQueue& queue) {
  const std::string original(text.text());
  if (text.continues) {
    const std::size_t piece = queue.Add(text.field, original, end);
    texts_.push_back(
        Text{piece, text.value.begin(), text.value.end(), text.field, original, false});
  } else if (const auto piece = queue.AddWhole(original, text.field)) {
    texts_.push_back(
        Text{*piece, text.value.begin(), text.value.end(), text.field, original, true});
  }
}

void DocumentMask::AddRest(const FoundTexts& found, PieceQueue& queue) {
  for (const FoundLogprobs& item : found.logprobs) {
    Logprobs logprobs{item.value.begin(), item.value.end(), item.field, item.tokens, std::nullopt};
    if (!item.alternatives.empty()) logprobs.alternatives = queue.AddWhole(item.alternatives);
    logprobs_.push_back(std::move(logprobs));
  }
  for (const json::Value& value : found.obfuscation) {
    obfuscation_.emplace_back(value.begin(), value.end());
  }
  if (found.names.empty()) return;
  names_ = absl::StrJoin(found.names, "\n");
  names_piece_ = queue.AddWhole(names_);
}

// Probabilities stay only where they spell exactly a text that was let through as it came: anything
// else would tell, token by token, what was masked or is still held.
bool DocumentMask::MayStay(const Logprobs& logprobs,
                           const std::vector<domain::FieldRelease>& releases) const {
  if (logprobs.alternatives && !releases[*logprobs.alternatives].Unchanged()) return false;
  std::string spelled;
  for (const Text& text : texts_) {
    if (text.field != logprobs.field) continue;
    if (!releases[text.piece].Unchanged()) return false;
    absl::StrAppend(&spelled, text.original);
  }
  return spelled == logprobs.tokens;
}

absl::StatusOr<DocumentMask::Outcome> DocumentMask::Apply(
    const std::vector<domain::FieldRelease>& releases, PieceQueue& queue) const {
  Outcome outcome;
  bool remains = false;
  for (const Text& text : texts_) {
    const domain::FieldRelease& release = releases[text.piece];
    remains |= !text.whole && !release.text.empty();
    if (text.whole) queue.Learn(text.original, release, text.field);
    if (release.Unchanged()) continue;
    outcome.edits.push_back(Edit{text.begin, text.end, json::Quote(release.text)});
    for (const domain::MaskedSpan& span : release.masked) {
      outcome.masked.push_back(domain::DeliveredSpan{text.field, span});
    }
  }
  outcome.texts_withheld = !outcome.edits.empty() && !remains;
  for (const Logprobs& logprobs : logprobs_) {
    if (!MayStay(logprobs, releases)) {
      outcome.edits.push_back(Edit{logprobs.begin, logprobs.end, "null"});
    }
  }
  if (!outcome.edits.empty()) {
    for (const auto& [begin, end] : obfuscation_) outcome.edits.push_back(Edit{begin, end, "\"\""});
  }
  if (names_piece_) {
    queue.Learn(names_, releases[*names_piece_]);
    if (!releases[*names_piece_].Unchanged()) {
      return absl::FailedPreconditionError("the name of a member would have to be masked");
    }
  }
  return outcome;
}

}  // namespace countersign::dialects
