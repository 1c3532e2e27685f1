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

// Masks all fields of one call in one direction. Not thread-safe.
class FieldMasker {
 public:
  // `restoring`, if given, is applied to the masked text: it replaces the call's placeholders by
  // their originals. Restored originals are not masked again.
  explicit FieldMasker(std::shared_ptr<const text::redaction::RuleSet> rules,
                       std::shared_ptr<const text::redaction::RuleSet> restoring = nullptr);

  // One release per piece, in order. After an error nothing more may be delivered, and the error is
  // returned again. A field that comes again after its end is a new text.
  absl::StatusOr<std::vector<domain::FieldRelease>> Feed(
      const std::vector<domain::FieldPiece>& pieces);

  // Memory used by all open fields, including held text.
  std::size_t memory_bytes() const;

 private:
  // The second stage of a field: replaces placeholders in masked text.
  struct Restoring {
    TextMasker masker;
    std::uint64_t masked_bytes = 0;    // bytes received from the first stage …
    std::uint64_t restored_bytes = 0;  // … of which this many were released
    std::deque<domain::MaskedSpan>
        waiting;  // spans of the first stage, as offsets into all of its output
  };
  struct Field {
    TextMasker masking;
    std::unique_ptr<Restoring> restoring;  // null in most calls

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

// The most fields that may be open at once in one call; more are RESOURCE_EXHAUSTED.
inline constexpr std::size_t kMaxOpenFields = 4096;

}  // namespace countersign::masking
