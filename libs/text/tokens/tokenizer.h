#pragma once

#include <cstddef>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace countersign::text::tokens {

// Counts the tokens of a text, exactly as the model's byte-pair encoding or as an estimate. Special
// tokens in the text count as plain text. Instances are shared by the process, built on first use
// (within 200 ms) and immutable; thread-safe.
class Tokenizer {
 public:
  // Finds a tokenizer by its name or a model's (tokenizer_names.h). NOT_FOUND lists the known
  // names.
  static absl::StatusOr<const Tokenizer*> ByName(absl::string_view name);

  // The tokenizer of a model; the estimate for an unknown model.
  static const Tokenizer& ForModel(absl::string_view model);

  virtual ~Tokenizer() = default;
  virtual absl::string_view name() const = 0;

  // False for an estimate; token_estimate.h states its errors.
  virtual bool exact() const = 0;

  // `text` is valid UTF-8. Time is linear in its length.
  virtual std::size_t Count(absl::string_view text) const = 0;

  // Count(text) if that is at most `limit`; otherwise some number above `limit`, without reading
  // the rest.
  virtual std::size_t CountUpTo(absl::string_view text, std::size_t limit) const = 0;
};

}  // namespace countersign::text::tokens
