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

// Keeps for each id the hit that ends first; of several, the one that starts first.
class FirstHits {
 public:
  void Add(std::uint32_t id, std::size_t begin, std::size_t end);
  // Whether a hit that starts at or after `begin` could replace the kept one.
  bool MayImprove(std::uint32_t id, std::size_t begin) const;
  const std::map<std::uint32_t, MatchHit>& by_id() const { return by_id_; }

 private:
  std::map<std::uint32_t, MatchHit> by_id_;
};

// The compiled terms that are searched for in one form of a text. Immutable; thread-safe.
class FormMatcher {
 public:
  explicit FormMatcher(unicode::Form form) : form_(form) {}

  // Call before Compile. `id` is returned in hits; `term` is the term's index in the caller's list,
  // for errors.
  //
  // INVALID_ARGUMENT for a keyword that is empty in this form. `as_folded`: match only where the
  // text equals the keyword in Form::kFolded, too; for kSkeleton, which maps more characters to
  // one.
  // which more is alike than in that.
  absl::Status AddKeyword(absl::string_view keyword, bool as_folded, std::uint32_t id);
  // INVALID_ARGUMENT as in CheckRegex, or when the pattern is too large.
  absl::Status AddRegex(absl::string_view regex, bool caseless, std::uint32_t term,
                        std::uint32_t id);

  struct Refusal {
    std::optional<std::uint32_t> term;
  };
  // Does nothing without terms. `cache` may be null. On INVALID_ARGUMENT `refusal` names the term,
  // if known.
  absl::Status Compile(const regex::DatabaseCache* cache, Refusal* refusal);

  // Adds the hits, as offsets into `text`: keywords at word boundaries, and of each regex the match
  // that ends first. REQUIRES: compiled; `text` is UTF-8 of at most Normalizer::kMaxBytes.
  absl::Status Scan(absl::string_view text, FirstHits& hits) const;

 private:
  struct Keyword {
    // `folded`: the text that must be matched in Form::kFolded, if required.
    struct Reading {
      std::string folded;
      std::vector<std::uint32_t> ids;
    };
    std::size_t size = 0;  // bytes in the form
    std::vector<Reading> readings;
  };
  struct Regex {
    regex::RegexSpanFinder spans;
    std::uint32_t term = 0;
    std::uint32_t id = 0;
    bool edge_before = false;  // found only at the edges of words
    bool edge_after = false;
  };

  // Adds the match of a regex that ends at `end` of `text`, in the form, if it stands where it may.
  template <typename ToOriginal>
  void AddMatch(const Regex& regex, absl::string_view text, std::size_t end, ToOriginal to_original,
                FirstHits& hits) const;

  // Whether the `size` bytes of the form at `place` may be a keyword.
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
