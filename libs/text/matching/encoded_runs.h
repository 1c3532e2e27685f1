#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace countersign::text {

// A stretch of a text that reads as something else once it is decoded.
struct EncodedRun {
  std::size_t begin = 0;  // bytes of the text that it was found in
  std::size_t end = 0;
  absl::string_view encoding;  // base64 (and base64url) | hex | percent
  std::string text;            // decoded; UTF-8, with U+FFFD for what is not
};

// Shorter runs are words and numbers more often than not.
inline constexpr std::size_t kShortestEncodedRun = 24;
// Of what a run decodes to, at least so much has to be printable.
inline constexpr double kLeastPrintable = 0.8;

// The runs of base64 (either alphabet, wrapped in lines or not), hex digits and percent-encoding in
// `text` that decode to readable text. A run that begins in the middle of a unit is tried from each
// of its places. Takes linear time, and no encoding gives more than `text` is long. Ordered by
// encoding, then by place. REQUIRES: `text` is UTF-8.
std::vector<EncodedRun> FindEncodedRuns(absl::string_view text);

}  // namespace countersign::text
