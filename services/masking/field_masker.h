#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/domain/masker.h"
#include "libs/text/redaction/redaction.h"
#include "services/masking/text_masker.h"

namespace countersign::masking {

// The masking of all fields of one call in one direction, as plain function calls. Not thread-safe.
class FieldMasker {
 public:
  // `restoring`, when given, runs over what `rules` left: it puts originals in the place of the
  // call's placeholders, and what it writes is not masked again.
  explicit FieldMasker(std::shared_ptr<const text::redaction::RuleSet> rules,
                       std::shared_ptr<const text::redaction::RuleSet> restoring = nullptr);

  // One release per piece, in order. After an error nothing more may be delivered; the error is
  // repeated. A field that has ended and comes again is a new text.
  absl::StatusOr<std::vector<domain::FieldRelease>> Feed(
      const std::vector<domain::FieldPiece>& pieces);

  // Memory of all open fields, held text included.
  std::size_t memory_bytes() const;

 private:
  // The second stage of a field: restores originals in masked text.
  struct Restoring {
    TextMasker masker;
    std::uint64_t masked_bytes = 0;          // that came from the masking …
    std::uint64_t restored_bytes = 0;        // … and of which so much was let go
    std::deque<domain::MaskedSpan> waiting;  // of the masking, offsets into all that it gave
  };
  struct Field {
    TextMasker masking;
    std::unique_ptr<Restoring> restoring;  // few calls have one

    std::size_t held() const { return masking.held() + (restoring ? restoring->masker.held() : 0); }
  };

  absl::StatusOr<domain::FieldRelease> FeedOne(const domain::FieldPiece& piece);
  absl::Status Restore(Restoring& restoring, bool end, domain::FieldRelease& release) const;
  Field MakeField(absl::string_view name) const;

  std::shared_ptr<const text::redaction::RuleSet> rules_;
  std::shared_ptr<const text::redaction::RuleSet> restoring_;
  std::map<std::string, Field> fields_;
  absl::Status failed_;
};

// Fields open at once in one call; more is RESOURCE_EXHAUSTED.
inline constexpr std::size_t kMaxOpenFields = 4096;

}  // namespace countersign::masking
