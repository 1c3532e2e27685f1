#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace countersign::text {

// Counts the tokens of a text exactly as the model's own byte-pair encoding does, special tokens
// read as plain text. Instances are process-wide, built on first use and immutable; thread-safe.
class Tokenizer {
 public:
  // o200k_base or cl100k_base. NOT_FOUND lists the known names.
  static absl::StatusOr<const Tokenizer*> ByName(absl::string_view name);

  // The tokenizer of an OpenAI model name (gpt-4o → o200k_base, gpt-4 → cl100k_base …); o200k_base
  // for unknown ones.
  static const Tokenizer& ForModel(absl::string_view model);

  virtual ~Tokenizer() = default;
  virtual absl::string_view name() const = 0;

  // `text` is valid UTF-8. Time is linear in its length.
  virtual std::size_t Count(absl::string_view text) const = 0;

  // Count(text) when that is at most `limit`, else some number above `limit`, without reading the
  // rest.
  virtual std::size_t CountUpTo(absl::string_view text, std::size_t limit) const = 0;
};

}  // namespace countersign::text
