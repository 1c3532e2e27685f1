#include "services/masking/field_masker.h"

#include <utility>

#include "absl/strings/match.h"
#include "libs/base/status.h"

namespace countersign::masking {
namespace {

absl::Status FeedText(text::RedactionStream& text, const domain::FieldPiece& piece,
                      domain::FieldRelease& release) {
  std::vector<text::RedactedSpan> spans;
  CS_RETURN_IF_ERROR(text.Feed(piece.text, piece.end, &release.text, &spans));
  for (text::RedactedSpan& span : spans) {
    release.masked.push_back(
        {span.begin, span.end, std::move(span.entity), std::move(span.original)});
  }
  return absl::OkStatus();
}

absl::Status FeedText(ArgumentsMasker& arguments, const domain::FieldPiece& piece,
                      domain::FieldRelease& release) {
  return arguments.Feed(piece.text, piece.end, release);
}

}  // namespace

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

FieldMasker::Field FieldMasker::MakeField(absl::string_view name) const {
  if (absl::EndsWith(name, "/arguments")) return ArgumentsMasker(rules_);
  return text::RedactionStream(rules_);
}

absl::StatusOr<domain::FieldRelease> FieldMasker::FeedOne(const domain::FieldPiece& piece) {
  domain::FieldRelease release;
  if (rules_->empty()) {
    release.text = piece.text;
    return release;
  }
  auto field = fields_.find(piece.field);
  if (field == fields_.end()) {
    if (fields_.size() >= kMaxOpenFields) {
      return WithReason(absl::ResourceExhaustedError("too many fields in one call to mask"),
                        "masking_limit");
    }
    field = fields_.emplace(piece.field, MakeField(piece.field)).first;
  }
  const auto held = [&] {
    return std::visit([](const auto& text) { return text.held(); }, field->second);
  };
  release.held_before = held();
  CS_RETURN_IF_ERROR(
      std::visit([&](auto& text) { return FeedText(text, piece, release); }, field->second));
  release.held_after = held();
  if (piece.end) fields_.erase(field);
  return release;
}

}  // namespace countersign::masking
