#include "libs/dialects/answers/document_answer.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/base/utf8.h"
#include "libs/dialects/answers/answer_json.h"
#include "libs/dialects/decoded_view.h"
#include "libs/json/any_json.h"

namespace countersign::dialects::answers {
namespace {

constexpr absl::string_view kReplacementCharacter = "\xef\xbf\xbd";

std::string ToUtf8(absl::string_view bytes) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size();) {
    const Utf8Char c = DecodeUtf8(bytes, at);
    absl::StrAppend(&text, c.valid ? bytes.substr(at, c.size) : kReplacementCharacter);
    at += c.size;
  }
  return text;
}

// True when `decoded` masks something that `plain` does not: a match hidden by escapes, which
// cannot be replaced because the kind of escaping is unknown.
bool HidesMore(const domain::FieldRelease& decoded, const domain::FieldRelease& plain) {
  std::multiset<std::string> known;
  for (const domain::MaskedSpan& span : plain.masked) known.insert(span.original);
  for (const domain::MaskedSpan& span : decoded.masked) {
    const auto same = known.find(span.original);
    if (same == known.end()) return true;
    known.erase(same);
  }
  return false;
}

}  // namespace

DocumentAnswer::DocumentAnswer(std::unique_ptr<const DocumentGrammar> grammar, Options options)
    : grammar_(std::move(grammar)), options_(options) {}

absl::StatusOr<std::vector<domain::FieldPiece>> DocumentAnswer::Feed(absl::string_view bytes) {
  absl::StrAppend(&body_, bytes);
  return std::vector<domain::FieldPiece>();
}

absl::StatusOr<std::vector<domain::FieldPiece>> DocumentAnswer::Finish() {
  finished_ = true;
  if (body_.empty() && !upstream_failed()) {
    return absl::UnavailableError("the upstream's answer is empty");
  }
  if (body_.empty()) return queue_.Take();
  absl::StatusOr<AnswerJson> json = ParseAnswerJson(body_);
  if (!json.ok() && upstream_failed()) {
    if (options_.masked) MaskAsText();
    return queue_.Take();
  }
  if (!json.ok()) return absl::UnavailableError("the upstream's answer is not JSON");
  absl::StatusOr<json::Document> document = std::move(json->document);
  if (options_.masked && options_.refuse_unknown && !upstream_failed() &&
      !grammar_->IsKnownDocument(document->root())) {
    return UnknownAnswerError();
  }
  std::vector<Edit> edits = grammar_->EditsBeforeMasking(document->root(), body_);
  if (!edits.empty()) {
    CS_ASSIGN_OR_RETURN(body_, Splice(body_, std::move(edits)));
    document = json::ParseAnyJson(body_);
    if (!document.ok()) return document.status();
  }
  usage_ = grammar_->ReadUsage(document->root());
  if (options_.masked) {
    FoundTexts found = grammar_->FindTexts(document->root(), body_);
    MixedParts parts;
    CS_RETURN_IF_ERROR(parts.Add(found, queue_, mixed_));
    AddIdentifierParts(found, queue_);
    if (upstream_failed()) AddDecodedViews(found, queue_);
    mask_.emplace(found, queue_, [](const FoundText& text) { return text.last; });
  } else if (!usage_.known) {
    AddOutput(grammar_->FindTexts(document->root(), body_), output_);
  }
  return queue_.Take();
}

void DocumentAnswer::MaskAsText() {
  body_ = ToUtf8(body_);
  text_piece_ = queue_.AddWhole(body_);
  for (const std::string& view : DecodedViews(body_)) {
    if (const auto piece = queue_.AddWhole(view)) decoded_pieces_.push_back(*piece);
  }
}

absl::StatusOr<Delivery> DocumentAnswer::ReleaseText(
    const std::vector<domain::FieldRelease>& releases) const {
  const domain::FieldRelease& release = releases[*text_piece_];
  if (std::any_of(decoded_pieces_.begin(), decoded_pieces_.end(),
                  [&](std::size_t piece) { return HidesMore(releases[piece], release); })) {
    return absl::FailedPreconditionError("the error contains escaped text that must be masked");
  }
  Delivery delivery;
  delivery.bytes = release.text;
  for (const domain::MaskedSpan& span : release.masked) {
    delivery.masked.push_back(domain::DeliveredSpan{"body", span});
  }
  return delivery;
}

absl::StatusOr<std::vector<Delivery>> DocumentAnswer::Release(
    std::vector<domain::FieldRelease> releases) {
  std::vector<Delivery> deliveries;
  if (!finished_ || body_.empty()) return deliveries;
  Delivery delivery;
  if (text_piece_) {
    CS_ASSIGN_OR_RETURN(delivery, ReleaseText(releases));
  } else if (mask_.has_value()) {
    CS_RETURN_IF_ERROR(MixedParts::Check(mixed_, releases));
    ReleasedTexts none;
    CS_ASSIGN_OR_RETURN(DocumentMask::Outcome outcome, mask_->Apply(releases, queue_, none));
    CS_RETURN_IF_ERROR(ApplyToIntact(options_.signed_texts, outcome));
    delivery.masked = std::move(outcome.masked);
    delivery.output = std::move(outcome.output);
    if (!outcome.edits.empty()) {
      CS_ASSIGN_OR_RETURN(body_, Splice(body_, std::move(outcome.edits)));
    }
  }
  if (!mask_.has_value()) delivery.output = std::move(output_);
  if (!text_piece_) delivery.bytes = std::move(body_);
  delivery.is_final = true;
  deliveries.push_back(std::move(delivery));
  return deliveries;
}

}  // namespace countersign::dialects::answers
