#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/text/regex/database_cache.h"

namespace countersign::text::matching {

// The form of a text in which a term is searched for. Keywords are normalised like the text, and
// white space in a keyword matches any white space. Patterns are used as written: in kCaseless and
// kUnicode they ignore case, and in kUnicode an ASCII pattern also matches look-alikes of ASCII.
enum class View {
  kRaw,       // unchanged
  kCaseless,  // ASCII and Unicode simple case folding
  kUnicode,   // NFKC-casefolded, default-ignorables and combining marks removed, confusables
              // skeleton (keywords of fewer than four characters: no look-alikes within ASCII)
  // The same, and more is seen through; for keywords alone, and beside kUnicode.
  kLeet,    // digits and signs for letters ("s3cr3t"); keywords of four characters and more
  kJoined,  // letters spaced out ("s e c r e t", "s.e.c.r.e.t"); keywords of six letters and more
};

struct MatchTerm {
  std::string text;
  bool is_regex = false;  // otherwise a keyword, matched at word boundaries
  View view = View::kRaw;
  std::uint32_t id = 0;  // returned in hits; terms may share one
};

struct MatchHit {
  std::uint32_t id = 0;
  std::size_t begin = 0;  // UTF-8 byte offsets into the original text
  std::size_t end = 0;
};

// All keywords and patterns of all policies, compiled, so that the time of a scan hardly grows with
// their number: each form that a view needs is built once and scanned once, for keywords by a
// KeywordIndex and for patterns by a PatternDatabase. Immutable and thread-safe; scans take scratch
// space from a pool.
class Matcher {
 public:
  // Compiling thousands of patterns may take seconds: never call it on a request path.
  // INVALID_ARGUMENT names the term, the position in it and the reason. `cache`, if not null,
  // stores compiled databases.
  static absl::StatusOr<std::shared_ptr<const Matcher>> Compile(
      const std::vector<MatchTerm>& terms, const regex::DatabaseCache* cache = nullptr);

  // Every matching id once, with its first-ending hit, ordered by id. A pattern's span extends to
  // the last end of a match with the same start (within 64 KiB); a disguised keyword's span is the
  // disguised text including hidden characters. Engine errors are returned, and the caller must
  // then refuse the call. INVALID_ARGUMENT when `text` is not UTF-8 or longer than 1 GiB.
  absl::StatusOr<std::vector<MatchHit>> Scan(absl::string_view text) const;

  ~Matcher();

 private:
  struct State;
  explicit Matcher(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace countersign::text::matching
