#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/text/normalize.h"
#include "libs/text/pattern_database.h"
#include "libs/text/regex_span.h"

namespace countersign::text {

// The terms that are looked for in one form of a text, compiled. Immutable; thread-safe.
class FormMatcher {
 public:
  // `form`: absent for the text as it is.
  explicit FormMatcher(std::optional<Form> form) : form_(form) {}

  // Adding comes before compiling. `term` is the place of the term in the caller's list.
  //
  // A keyword that the form leaves nothing of is INVALID_ARGUMENT.
  absl::Status AddKeyword(absl::string_view keyword, std::uint32_t term);
  // INVALID_ARGUMENT as CheckRegex, or because the pattern is too large.
  absl::Status AddRegex(absl::string_view regex, bool caseless, std::uint32_t term);

  struct Refusal {
    std::optional<std::uint32_t> term;
  };
  // Does nothing when nothing was added. On INVALID_ARGUMENT `refusal` names the term, if the
  // engine did.
  absl::Status Compile(Refusal* refusal);

  // Calls `on_hit` with the offsets in `text` of each match: of every keyword at each place where
  // its edges are word edges, of a regex the match that ends first. REQUIRES: compiled; `text` is
  // UTF-8 of at most Normalizer::kMaxBytes.
  absl::Status Scan(
      absl::string_view text,
      absl::FunctionRef<void(std::uint32_t term, std::size_t begin, std::size_t end)> on_hit) const;

 private:
  struct Entry {
    std::size_t size = 0;  // of a keyword, in the form
    std::optional<RegexSpanFinder> regex;
    std::vector<std::uint32_t> terms;
  };

  const std::optional<Form> form_;
  std::vector<Entry> entries_;
  std::unordered_map<std::string, std::size_t> keywords_;  // by expression; empty once compiled
  std::vector<DatabasePattern> patterns_;                  // of the entries; empty once compiled
  std::unique_ptr<PatternDatabase> database_;
};

}  // namespace countersign::text
