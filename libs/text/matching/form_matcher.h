#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/text/matching/form_text.h"
#include "libs/text/matching/keyword_index.h"
#include "libs/text/matching/matcher.h"
#include "libs/text/regex/pattern_database.h"
#include "libs/text/regex/regex_span.h"
#include "libs/text/unicode/normalize.h"

namespace countersign::text::matching {

// Keeps for each id the hit that ends first, and of those the one that begins first.
class FirstHits {
 public:
  void Add(std::uint32_t id, std::size_t begin, std::size_t end);
  // Whether a hit that does not begin before `begin` may be the one to keep.
  bool MayImprove(std::uint32_t id, std::size_t begin) const;
  const std::map<std::uint32_t, MatchHit>& by_id() const { return by_id_; }

 private:
  std::map<std::uint32_t, MatchHit> by_id_;
};

// The terms that are looked for in one form of a text, compiled. Immutable; thread-safe.
class FormMatcher {
 public:
  explicit FormMatcher(unicode::Form form) : form_(form) {}

  // Adding comes before compiling. `id` is what hits are told by, `term` the place of the term in
  // the caller's list, for refusals.
  //
  // INVALID_ARGUMENT for a keyword of which the form keeps nothing.
  // `as_folded`: found only where the text is the keyword in Form::kFolded too. For kSkeleton, in
  // which more is alike than in that.
  absl::Status AddKeyword(absl::string_view keyword, bool as_folded, std::uint32_t id);
  // INVALID_ARGUMENT as CheckRegex, or because the pattern is too large.
  absl::Status AddRegex(absl::string_view regex, bool caseless, std::uint32_t term,
                        std::uint32_t id);

  struct Refusal {
    std::optional<std::uint32_t> term;
  };
  // Does nothing when nothing was added. `cache` may be null. On INVALID_ARGUMENT `refusal` names
  // the term, if the engine did.
  absl::Status Compile(const regex::DatabaseCache* cache, Refusal* refusal);

  // Adds to `hits`, by offsets in `text`, the keywords where their edges are word edges, and of
  // each regex the match that ends first. REQUIRES: compiled; `text` is UTF-8 of at most
  // Normalizer::kMaxBytes.
  absl::Status Scan(absl::string_view text, FirstHits& hits) const;

 private:
  struct Keyword {
    // `folded`: what the place has to be in Form::kFolded, if that matters.
    struct Reading {
      std::string folded;
      std::vector<std::uint32_t> ids;
    };
    std::size_t size = 0;  // in the form
    std::vector<Reading> readings;
  };
  struct Regex {
    regex::RegexSpanFinder spans;
    std::uint32_t term = 0;
    std::uint32_t id = 0;
  };

  // Whether a keyword of `size` bytes in the form may be meant at `place`.
  bool IsPlausible(absl::string_view place, std::size_t size) const;

  const unicode::Form form_;
  std::vector<Keyword> keywords_;
  std::vector<Regex> regexes_;
  std::unordered_map<std::string, std::uint32_t> literals_;  // to keywords_; empty once compiled
  std::vector<regex::DatabasePattern> patterns_;             // of regexes_; empty once compiled
  KeywordIndex index_;
  std::unique_ptr<regex::PatternDatabase> database_;
};

}  // namespace countersign::text::matching
