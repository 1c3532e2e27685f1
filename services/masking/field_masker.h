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

  // The same in two steps, for a profile with an analyzer. First, reads the pieces and returns the
  // sentences that they complete, in order.
  absl::StatusOr<std::vector<std::string>> Read(const std::vector<domain::FieldPiece>& pieces);
  // Then releases them: `found` has the analyzer's matches in each of these sentences.
  absl::StatusOr<std::vector<domain::FieldRelease>> Release(std::vector<SentenceMatches> found);

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
    std::uint64_t taken = 0;               // bytes, by Read

    std::size_t held() const { return WithRestored(masking.held()); }
    // The bytes held when only `upto` of those taken had come. REQUIRES: later ones are held.
    std::size_t HeldAt(std::uint64_t upto) const {
      return WithRestored(masking.held() - (taken - upto));
    }

   private:
    std::size_t WithRestored(std::size_t masked) const {
      return masked + (restoring ? restoring->masker.held() : 0);
    }
  };
  using Fields = std::map<std::string, Field>;
  // A piece that was read and not released.
  struct ReadPiece {
    Field* field;
    Fields::node_type ended;      // owns the field if the piece is its last
    std::uint64_t before, after;  // bytes taken
    std::size_t sentences;
  };

  absl::StatusOr<domain::FieldRelease> FeedOne(const domain::FieldPiece& piece);
  absl::Status ReadOne(const domain::FieldPiece& piece, std::vector<std::string>& sentences);
  absl::StatusOr<domain::FieldRelease> ReleaseOne(ReadPiece& read,
                                                  const std::vector<SentenceMatches>& found);
  absl::Status Complete(Field& field, bool end, const std::vector<Replaced>& places,
                        domain::FieldRelease& release) const;
  absl::Status Restore(Restoring& restoring, bool end, domain::FieldRelease& release) const;
  absl::StatusOr<Fields::iterator> FindField(const domain::FieldPiece& piece);
  Field MakeField(absl::string_view name) const;
  absl::Status Fail(absl::Status status);

  std::shared_ptr<const text::redaction::RuleSet> rules_;
  std::shared_ptr<const text::redaction::RuleSet> restoring_;
  Fields fields_;
  std::vector<ReadPiece> read_;  // between Read and Release
  absl::Status failed_;
};

// The most fields that may be open at once in one call; more are RESOURCE_EXHAUSTED.
inline constexpr std::size_t kMaxOpenFields = 4096;

}  // namespace countersign::masking
