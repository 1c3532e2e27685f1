#pragma once

#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/domain/masker.h"
#include "libs/text/redaction.h"
#include "services/masking/arguments_masker.h"

namespace countersign::masking {

// The masking of all fields of one call in one direction, as plain function calls. Not thread-safe.
class FieldMasker {
 public:
  explicit FieldMasker(std::shared_ptr<const text::RuleSet> rules);

  // One release per piece, in order. After an error nothing more may be delivered; the error is
  // repeated. A field that has ended and comes again is a new text.
  absl::StatusOr<std::vector<domain::FieldRelease>> Feed(
      const std::vector<domain::FieldPiece>& pieces);

 private:
  absl::StatusOr<domain::FieldRelease> FeedOne(const domain::FieldPiece& piece);

  // Plain text, or a tool call's arguments: a field whose name ends in "/arguments".
  using Field = std::variant<text::RedactionStream, ArgumentsMasker>;
  Field MakeField(absl::string_view name) const;

  std::shared_ptr<const text::RuleSet> rules_;
  std::map<std::string, Field> fields_;
  absl::Status failed_;
};

// Fields open at once in one call; more is RESOURCE_EXHAUSTED.
inline constexpr std::size_t kMaxOpenFields = 4096;

}  // namespace countersign::masking
