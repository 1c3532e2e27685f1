#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/dialects/answers/found_texts.h"
#include "libs/dialects/answers/piece_queue.h"

namespace countersign::dialects::answers {

// How much of joined values the masker is asked about: a token of 4 KiB, or a key, is found however
// it is cut.
inline constexpr std::size_t kMostJoinedBytes = 4096;

// Short values that are sent as they arrive although clients may join them: identifiers, names,
// numbers, the lines of an event beside its data. The masker is asked about each place's values,
// concatenated. Not thread-safe.
class JoinedValues {
 public:
  enum class Kind { kString, kNumber };

  // Adds the next value of `place`, and queues the last kMostJoinedBytes of its values, with and
  // without the first one, which may be the right one before an odd text. A string that repeats the
  // one before it is a further piece if it is short, up to 16 times in a row; else it is the same
  // again and skipped. So is every number that is repeated, and one of three digits or more that
  // differs from the one before it by as much as that from the one before: it is a state or counts.
  // Nothing is queued when the value is the first one or skipped, or when the queue knows the
  // answer. UNAVAILABLE when there are too many places.
  absl::StatusOr<std::vector<JoinedPiece>> Add(const std::string& place, absl::string_view value,
                                               Kind kind, PieceQueue& queue);

 private:
  struct Values {
    std::string joined;
    std::size_t first = 0;  // bytes of the first value, and its repeats, that are left
    std::size_t last = 0;
    int repeats = 0;                     // of the last value
    std::optional<std::int64_t> number;  // the last value
    std::optional<std::int64_t> step;    // to it from the one before
  };
  static bool Counts(Values& values, absl::string_view number);

  std::map<std::string, Values> places_;
};

// Whether a value that repeats the one before it may be a further piece of a number or a key: too
// short to come twice by design.
bool MayBeRepeatedPiece(absl::string_view value);
inline constexpr int kMostRepeatedPieces = 16;

}  // namespace countersign::dialects::answers
