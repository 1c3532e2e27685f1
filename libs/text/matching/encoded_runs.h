#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace countersign::text::matching {

// A stretch of a text that is readable when decoded.
struct EncodedRun {
  std::size_t begin = 0;  // byte offsets into the searched text
  std::size_t end = 0;
  absl::string_view encoding;  // base64 (and base64url) | hex | percent
  std::string text;            // decoded, as UTF-8; U+FFFD for invalid bytes
};

// Shorter runs are mostly words and numbers.
inline constexpr std::size_t kShortestEncodedRun = 24;
// The minimum share of printable characters in a decoded run. Below it, …
inline constexpr double kLeastPrintable = 0.8;
// … only its printable stretches of at least this many bytes (24 digits of base64) count.
inline constexpr std::size_t kShortestStretch = 18;

// The decoded texts of the readable runs of base64 (either alphabet), hex digits and
// percent-encoding in `text`. Base64 and hex may be wrapped in lines of at least twenty digits,
// which may be indented; hex bytes may be written apart ("62 6c", "62:6C", "0x62, 0x6c",
// "\x62\x6c"). A run is decoded from each position of its first unit, and NUL bytes are dropped, so
// that neither preceding characters nor UTF-16 hide a text. Takes linear time; a run decodes to at
// most three times its length. Ordered by encoding (contiguous hex before separated hex), then by
// position. REQUIRES: `text` is UTF-8.
std::vector<EncodedRun> FindEncodedRuns(absl::string_view text);

}  // namespace countersign::text::matching
