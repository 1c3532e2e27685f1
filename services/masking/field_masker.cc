#include "services/masking/field_masker.h"

#include <utility>

#include "libs/base/status.h"

namespace countersign::masking {

FieldMasker::FieldMasker(std::shared_ptr<const text::RuleSet> rules) : rules_(std::move(rules)) {}

absl::StatusOr<std::vector<domain::FieldRelease>> FieldMasker::Feed(
    const std::vector<domain::FieldPiece>& pieces) {
  CS_RETURN_IF_ERROR(failed_);
  std::vector<domain::FieldRelease> releases;
  releases.reserve(pieces.size());
  for (const domain::FieldPiece& piece : pieces) {
    auto release = FeedOne(piece);
    if (!release.ok()) {
      fields_.clear();
      return failed_ = release.status();
    }
    releases.push_back(*std::move(release));
  }
  return releases;
}

absl::StatusOr<domain::FieldRelease> FieldMasker::FeedOne(const domain::FieldPiece& piece) {
  domain::FieldRelease release;
  if (rules_->empty()) {
    release.text = piece.text;
    return release;
  }
  const auto [field, added] = fields_.try_emplace(piece.field, rules_);
  if (added && fields_.size() > kMaxOpenFields) {
    return WithReason(absl::ResourceExhaustedError("too many fields in one call to mask"),
                      "masking_limit");
  }
  text::RedactionStream& stream = field->second;
  release.held_before = stream.held();
  std::vector<text::RedactedSpan> spans;
  CS_RETURN_IF_ERROR(stream.Feed(piece.text, piece.end, &release.text, &spans));
  release.held_after = stream.held();
  for (text::RedactedSpan& span : spans) {
    release.masked.push_back(
        {span.begin, span.end, std::move(span.entity), std::move(span.original)});
  }
  if (piece.end) fields_.erase(field);
  return release;
}

}  // namespace countersign::masking
