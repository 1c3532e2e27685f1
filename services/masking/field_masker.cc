#include "services/masking/field_masker.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "libs/base/status.h"

namespace countersign::masking {

FieldMasker::FieldMasker(std::shared_ptr<const text::redaction::RuleSet> rules,
                         std::shared_ptr<const text::redaction::RuleSet> restoring)
    : rules_(std::move(rules)), restoring_(std::move(restoring)) {}

absl::StatusOr<std::vector<domain::FieldRelease>> FieldMasker::Feed(
    const std::vector<domain::FieldPiece>& pieces) {
  CS_RETURN_IF_ERROR(failed_);
  std::vector<domain::FieldRelease> releases;
  releases.reserve(pieces.size());
  for (const domain::FieldPiece& piece : pieces) {
    auto release = FeedOne(piece);
    if (!release.ok()) return Fail(release.status());
    releases.push_back(*std::move(release));
  }
  return releases;
}

FieldMasker::Field FieldMasker::MakeField(absl::string_view name) const {
  // A tool call's arguments are always a document, whatever their first byte is.
  const auto form =
      absl::EndsWith(name, "/arguments") ? TextMasker::Form::kDocument : TextMasker::Form::kText;
  Field field{TextMasker(rules_, form), nullptr};
  if (restoring_ != nullptr) {
    field.restoring.reset(new Restoring{TextMasker(restoring_, form), 0, 0, {}});
  }
  return field;
}

absl::StatusOr<FieldMasker::Fields::iterator> FieldMasker::FindField(
    const domain::FieldPiece& piece) {
  const auto field = fields_.find(piece.field);
  if (field != fields_.end()) return field;
  if (fields_.size() >= kMaxOpenFields) {
    return WithReason(absl::ResourceExhaustedError("too many fields in one call to mask"),
                      "masking_limit");
  }
  return fields_.emplace(piece.field, MakeField(piece.field)).first;
}

absl::StatusOr<domain::FieldRelease> FieldMasker::FeedOne(const domain::FieldPiece& piece) {
  if (piece.field.empty()) return absl::InvalidArgumentError("a piece has no field");
  domain::FieldRelease release;
  if (rules_->empty() && restoring_ == nullptr) {
    release.text = piece.text;
    return release;
  }
  CS_ASSIGN_OR_RETURN(const auto field, FindField(piece));
  release.held_before = field->second.held();
  std::vector<Replaced> places;
  CS_RETURN_IF_ERROR(field->second.masking.Feed(piece.text, piece.end, release, &places));
  CS_RETURN_IF_ERROR(Complete(field->second, piece.end, places, release));
  release.held_after = field->second.held();
  if (piece.end) fields_.erase(field);
  return release;
}

// The second half of masking a piece: what was masked knows its place, and is restored.
absl::Status FieldMasker::Complete(Field& field, bool end, const std::vector<Replaced>& places,
                                   domain::FieldRelease& release) const {
  for (std::size_t i = 0; i < places.size(); ++i) {
    release.masked[i].in_begin = places[i].in_begin;
    release.masked[i].in_end = places[i].in_end;
  }
  return field.restoring ? Restore(*field.restoring, end, release) : absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> FieldMasker::Read(
    const std::vector<domain::FieldPiece>& pieces) {
  CS_RETURN_IF_ERROR(failed_);
  std::vector<std::string> sentences;
  for (const domain::FieldPiece& piece : pieces) {
    const absl::Status read = ReadOne(piece, sentences);
    if (!read.ok()) return Fail(read);
  }
  return sentences;
}

absl::Status FieldMasker::ReadOne(const domain::FieldPiece& piece,
                                  std::vector<std::string>& sentences) {
  if (piece.field.empty()) return absl::InvalidArgumentError("a piece has no field");
  CS_ASSIGN_OR_RETURN(const auto found, FindField(piece));
  Field& field = found->second;
  ReadPiece read{&field, {}, field.taken, field.taken + piece.text.size(), sentences.size()};
  CS_RETURN_IF_ERROR(field.masking.Read(piece.text, piece.end, sentences));
  read.sentences = sentences.size() - read.sentences;
  field.taken = read.after;
  if (piece.end) read.ended = fields_.extract(found);
  read_.push_back(std::move(read));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<domain::FieldRelease>> FieldMasker::Release(
    std::vector<SentenceMatches> found) {
  CS_RETURN_IF_ERROR(failed_);
  std::vector<domain::FieldRelease> releases;
  auto next = found.begin();
  for (ReadPiece& read : read_) {
    const auto until = next + static_cast<std::ptrdiff_t>(read.sentences);
    auto release =
        ReleaseOne(read, {std::make_move_iterator(next), std::make_move_iterator(until)});
    if (!release.ok()) return Fail(release.status());
    releases.push_back(*std::move(release));
    next = until;
  }
  read_.clear();
  return releases;
}

absl::StatusOr<domain::FieldRelease> FieldMasker::ReleaseOne(
    ReadPiece& read, const std::vector<SentenceMatches>& found) {
  Field& field = *read.field;
  const bool end = !read.ended.empty();
  domain::FieldRelease release;
  release.held_before = field.HeldAt(read.before);
  std::vector<Replaced> places;
  CS_RETURN_IF_ERROR(field.masking.Release(found, end, release, &places));
  CS_RETURN_IF_ERROR(Complete(field, end, places, release));
  release.held_after = field.HeldAt(read.after);
  return release;
}

absl::Status FieldMasker::Fail(absl::Status status) {
  read_.clear();
  fields_.clear();
  return failed_ = std::move(status);
}

std::size_t FieldMasker::memory_bytes() const {
  std::size_t bytes = 0;
  for (const auto& [name, field] : fields_) {
    bytes += sizeof(field) - sizeof(field.masking) + name.capacity() + field.masking.memory_bytes();
    if (field.restoring) bytes += field.restoring->masker.memory_bytes();
  }
  return bytes;
}

absl::Status FieldMasker::Restore(Restoring& restoring, bool end,
                                  domain::FieldRelease& release) const {
  for (domain::MaskedSpan& span : release.masked) {
    span.begin += restoring.masked_bytes;
    span.end += restoring.masked_bytes;
    restoring.waiting.push_back(std::move(span));
  }
  restoring.masked_bytes += release.text.size();
  domain::FieldRelease restored;
  std::vector<Replaced> places;
  CS_RETURN_IF_ERROR(restoring.masker.Feed(release.text, end, restored, &places));
  const std::uint64_t from = restoring.restored_bytes;
  restoring.restored_bytes = restoring.masked_bytes - restoring.masker.held();
  // The position in the released text of a masked byte.
  const auto now_at = [&](std::uint64_t byte) {
    std::int64_t shift = -static_cast<std::int64_t>(from);
    for (std::size_t i = 0; i < places.size() && places[i].in_begin < byte; ++i) {
      if (byte < places[i].in_end) return restored.masked[i].begin;
      shift += static_cast<std::int64_t>(restored.masked[i].end - restored.masked[i].begin) -
               static_cast<std::int64_t>(places[i].in_end - places[i].in_begin);
    }
    return static_cast<std::size_t>(static_cast<std::int64_t>(byte) + shift);
  };
  release.restored = !restored.masked.empty();
  release.masked.clear();
  while (!restoring.waiting.empty() && restoring.waiting.front().end <= restoring.restored_bytes) {
    domain::MaskedSpan span = std::move(restoring.waiting.front());
    restoring.waiting.pop_front();
    // The beginning of the masked range may have been released before.
    span.begin = now_at(std::max<std::uint64_t>(span.begin, from));
    span.end = std::max<std::size_t>(span.begin, now_at(span.end));
    release.masked.push_back(std::move(span));
  }
  release.text = std::move(restored.text);
  return absl::OkStatus();
}

}  // namespace countersign::masking
