#pragma once

#include <cstddef>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace countersign::text::tokens {

// Counts the tokens of a text, special tokens read as plain text: exactly as the model's own
// byte-pair encoding does, or as a stated estimate. Instances are process-wide, built on first use
// (at most a fifth of a second) and immutable; thread-safe.
class Tokenizer {
 public:
  // By a tokenizer's name or a model's (tokenizer_names.h). NOT_FOUND lists the known names.
  static absl::StatusOr<const Tokenizer*> ByName(absl::string_view name);

  // The tokenizer of a model; the estimate for one that nobody knows.
  static const Tokenizer& ForModel(absl::string_view model);

  virtual ~Tokenizer() = default;
  virtual absl::string_view name() const = 0;

  // False for an estimate; how far off it may be is in token_estimate.h.
  virtual bool exact() const = 0;

  // `text` is valid UTF-8. Time is linear in its length.
  virtual std::size_t Count(absl::string_view text) const = 0;

  // Count(text) when that is at most `limit`, else some number above `limit`, without reading the
  // rest.
  virtual std::size_t CountUpTo(absl::string_view text, std::size_t limit) const = 0;
};

}  // namespace countersign::text::tokens
