#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/text/matching/matcher.h"
#include "libs/text/regex/database_cache.h"
#include "libs/text/tokens/tokenizer.h"

namespace countersign::policy::rules {

// Searches for the terms that it was compiled from. Immutable and thread-safe; see
// text::matching::Matcher::Scan.
class TextScanner {
 public:
  virtual ~TextScanner() = default;
  virtual absl::StatusOr<std::vector<text::matching::MatchHit>> Scan(
      absl::string_view text) const = 0;
};

// The rules' interface to libs/text, so that tests can use a failing engine. Thread-safe; must
// outlive everything that it returns.
class TextEngine {
 public:
  virtual ~TextEngine() = default;
  // May take seconds. INVALID_ARGUMENT names the first term that cannot be compiled, and why.
  virtual absl::StatusOr<std::shared_ptr<const TextScanner>> Compile(
      const std::vector<text::matching::MatchTerm>& terms) const = 0;
  virtual absl::StatusOr<const text::tokens::Tokenizer*> TokenizerByName(
      absl::string_view name) const = 0;
  virtual const text::tokens::Tokenizer& TokenizerForModel(absl::string_view model) const = 0;
};

// The engine of libs/text.
class LocalTextEngine final : public TextEngine {
 public:
  LocalTextEngine() = default;
  // Stores compiled patterns in `cache_folder`; empty: does not store them.
  explicit LocalTextEngine(const std::string& cache_folder) {
    if (!cache_folder.empty()) cache_.emplace(cache_folder);
  }

  absl::StatusOr<std::shared_ptr<const TextScanner>> Compile(
      const std::vector<text::matching::MatchTerm>& terms) const override;
  absl::StatusOr<const text::tokens::Tokenizer*> TokenizerByName(
      absl::string_view name) const override;
  const text::tokens::Tokenizer& TokenizerForModel(absl::string_view model) const override;

 private:
  std::optional<text::regex::DatabaseCache> cache_;
};

}  // namespace countersign::policy::rules
