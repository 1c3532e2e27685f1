#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace countersign::text::matching {

// A stretch of a text that reads as something else once it is decoded.
struct EncodedRun {
  std::size_t begin = 0;  // bytes of the text that it was found in
  std::size_t end = 0;
  absl::string_view encoding;  // base64 (and base64url) | hex | percent
  std::string text;            // decoded; UTF-8, with U+FFFD for what is not
};

// Shorter runs are mostly words and numbers.
inline constexpr std::size_t kShortestEncodedRun = 24;
// The share of a decoded run that must be printable …
inline constexpr double kLeastPrintable = 0.8;
// … else only its printable stretches of at least so many bytes (24 digits of base64) count.
inline constexpr std::size_t kShortestStretch = 18;

// What the runs of base64 (either alphabet), hex digits and percent-encoding in `text` decode to,
// where that is readable. Base64 and hex may be wrapped in lines of at least twenty digits, which
// may be indented; bytes in hex may stand apart ("62 6c", "62:6C", "0x62, 0x6c", "\x62\x6c"). A run
// that begins in the middle of a unit is tried from each of its places, and zero bytes are left
// out, so that neither what stands before nor UTF-16 hides anything. Takes linear time, and no run
// decodes to more than three times its length. Ordered by encoding (of hex, what stands together
// first), then by place. REQUIRES: `text` is UTF-8.
std::vector<EncodedRun> FindEncodedRuns(absl::string_view text);

}  // namespace countersign::text::matching
