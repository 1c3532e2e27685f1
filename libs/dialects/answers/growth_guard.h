#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/domain/masker.h"

namespace countersign::dialects::answers {

// How a piece of a known text relates to the piece before it.
struct Growth {
  std::uint64_t begin = 0;   // where it begins in its text
  std::size_t size = 0;      // of the piece
  std::size_t repeated = 0;  // its first bytes are the whole piece before it
  bool first = false;        // the piece before it repeated nothing
  bool ends = false;         // earlier pieces grew, and this one does not continue them
};

// Guards one text whose pieces may each repeat the one before it and add to it. Callers that join
// the pieces read one text, callers that replace each by the next read another: the last piece.
// The masker is asked about both. This class holds back what either of them would, and masks what
// either of them does, so that no match shows however the pieces are read. Where the second reading
// has no match, what is sent in all is what the first one releases.
//
// Not thread-safe. Releases are given in the order of the pieces.
class GrowthGuard {
 public:
  // What a piece's releases become. `joined`: of the text; `ended`, if given, of the end of what
  // grew before; `grown`, if given, of what the piece adds to what grows. FAILED_PRECONDITION when
  // text would have to be held or masked in a release that is not spelled as it was fed.
  struct Releases {
    domain::FieldRelease joined;
    const domain::FieldRelease* ended = nullptr;
    const domain::FieldRelease* grown = nullptr;
  };
  absl::StatusOr<domain::FieldRelease> Apply(const Growth& growth, Releases releases);

  // What is still held, for the release of the end of the text. `ended` as above.
  absl::StatusOr<domain::FieldRelease> Finish(Releases releases);

 private:
  struct Copy {  // of what grows, in the text
    std::uint64_t begin = 0;
    std::size_t size = 0;
  };
  struct Match {  // in what grows
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    domain::MaskedSpan span;
    std::string replacement;
  };
  struct Segment {  // of the text, not sent
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::string text;
    bool masked = false;
    domain::MaskedSpan span;
  };

  // False, and nothing is added, when the release is not spelled as it was fed.
  bool Queue(const domain::FieldRelease& release, std::uint64_t fed);
  absl::StatusOr<domain::FieldRelease> Pass(Releases releases, bool last);
  void AddMatches(const domain::FieldRelease& release);
  void MaskCopies();
  void Mask(std::uint64_t begin, std::uint64_t end, const Match& match);
  // Splits the segment of clear text at `at`, so that one begins there.
  void Split(std::uint64_t at);
  domain::FieldRelease Take(std::uint64_t limit, std::size_t held_before, std::size_t held_after);
  std::uint64_t Limit() const;
  void DropSentCopies(std::size_t held);
  std::size_t queued() const;

  std::vector<Copy> copies_;
  std::vector<Match> matches_;  // of what grows
  std::uint64_t grown_ = 0;     // bytes of it that were fed
  std::uint64_t decided_ = 0;   // of these, bytes about which the masker has decided
  std::uint64_t fed_ = 0;       // bytes of the text
  std::deque<Segment> segments_;
};

}  // namespace countersign::dialects::answers
