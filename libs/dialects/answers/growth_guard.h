#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
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
  bool first = false;        // the piece before it repeated nothing, or this one adds nothing
  bool ends = false;         // earlier pieces grew, and this one adds nothing to them
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
  // text would have to be masked in a release that is not spelled as it was fed; UNAVAILABLE when
  // more than kMostHeld bytes would have to be held.
  static constexpr std::size_t kMostHeld = 4u << 20;
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
  struct Grown {  // a text that grew from piece to piece
    std::vector<Copy> copies;
    std::vector<Match> matches;
    std::uint64_t fed = 0;      // its bytes so far
    std::uint64_t decided = 0;  // of these, bytes about which the masker has decided
  };
  struct Segment {  // of the text, not sent
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::string text;
    bool masked = false;
    bool respelled = false;  // a release as a whole, whose clear parts may be spelled differently
    std::vector<domain::MaskedSpan> spans;  // in `text`
  };

  absl::Status Queue(const domain::FieldRelease& release, std::uint64_t fed_before);
  static std::vector<Segment> Align(const domain::FieldRelease& release, std::uint64_t in,
                                    std::uint64_t to);
  absl::StatusOr<domain::FieldRelease> Pass(Releases releases, std::uint64_t fed_before, bool last);
  void EndGrowth(const domain::FieldRelease& ended);
  // `release` of what grows, after which `fed` bytes of it were fed.
  static void AddMatches(const domain::FieldRelease& release, std::uint64_t fed, Grown& grown);
  absl::Status MaskCopies(const Grown& grown);
  using Segments = std::list<Segment>;
  absl::StatusOr<Segments::iterator> Mask(Segments::iterator at, std::uint64_t begin,
                                          std::uint64_t end, const Match& match);
  // Splits the segment at `at`, if that is within it and it is clear.
  bool Split(Segments::iterator segment, std::uint64_t at);
  domain::FieldRelease Take(std::uint64_t limit, std::size_t held_before, std::size_t held_after);
  std::uint64_t Limit() const;
  void DropSentCopies(std::size_t held);
  std::size_t queued() const;

  std::deque<Grown> grown_;  // the last one may go on; the others have copies that are not sent yet
  std::uint64_t fed_ = 0;    // bytes of the text
  Segments segments_;
};

}  // namespace countersign::dialects::answers
