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

// Which form of a text a term is looked for in. Keywords go through the same form as the text, and
// white space inside a keyword stands for any run of white space. Patterns stay as they are
// written: in kCaseless and kUnicode they ignore case, and in kUnicode look-alikes of ASCII in the
// text count as that ASCII if the pattern is in ASCII itself.
enum class View {
  kRaw,       // as it is
  kCaseless,  // ASCII and Unicode simple case folding
  kUnicode,   // NFKC-casefolded, default-ignorables and combining marks removed, confusables
              // skeleton (keywords of fewer than four characters: no look-alikes within ASCII)
  // The same, and more is seen through; for keywords alone, and beside kUnicode.
  kLeet,    // digits and signs for letters ("s3cr3t"); keywords of four characters and more
  kJoined,  // letters spaced out ("s e c r e t", "s.e.c.r.e.t"); keywords of six letters and more
};

struct MatchTerm {
  std::string text;
  bool is_regex = false;  // else a literal keyword, found only where its edges are word edges
  View view = View::kRaw;
  std::uint32_t id = 0;  // given back in hits; several terms may share one
};

struct MatchHit {
  std::uint32_t id = 0;
  std::size_t begin = 0;  // UTF-8 byte offsets into the original text
  std::size_t end = 0;
};

// All keywords and patterns of all policies, compiled, so that the time of a scan hardly grows with
// their number: each form of a text that a view needs is made once and looked through once, for
// keywords by a KeywordIndex and for patterns by a PatternDatabase. Immutable and thread-safe;
// scans take their scratch space from a pool.
class Matcher {
 public:
  // Compiling may take seconds for thousands of patterns: never on a request path. INVALID_ARGUMENT
  // names the term that cannot be compiled, the position in it and the reason. `cache`, if there is
  // one, keeps what takes long.
  static absl::StatusOr<std::shared_ptr<const Matcher>> Compile(
      const std::vector<MatchTerm>& terms, const regex::DatabaseCache* cache = nullptr);

  // Every id at most once per text, with the hit that ends first, ordered by id. The span of a
  // pattern is extended to the last end that a match with the same begin has (within 64 KiB); the
  // span of a disguised keyword is the disguised text, with what was hidden inside. Any error of
  // the engine is an error here, and the caller must refuse the call. INVALID_ARGUMENT when `text`
  // is not UTF-8 or longer than 1 GiB.
  absl::StatusOr<std::vector<MatchHit>> Scan(absl::string_view text) const;

  ~Matcher();

 private:
  struct State;
  explicit Matcher(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace countersign::text::matching
