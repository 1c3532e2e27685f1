#pragma once

#include <cstddef>

#include "absl/strings/string_view.h"

// Where a text may be cut into the pieces that a model of language reads. The cuts depend on the
// text alone, so that they are the same however a stream brings it.
namespace countersign::text::unicode {

// The longest piece; bytes.
inline constexpr std::size_t kMaxSentence = 1024;

// The length of the first sentence of `text`, with the white space that ends it; 0 while it may go
// on. `text` is UTF-8, and begins where the last sentence ended. A sentence ends
//
// - behind a line break, and before and behind the edge of a document's string (kStringEdgeMark),
// - behind `.`, `!`, `?` or `…`, closing quotes and brackets, and white space; but not behind a
//   full stop that follows a single letter or a capitalised word of two or three consonants
//   (`J. Smith`, `Mrs. Smith`): that makes some sentences longer, and none shorter,
// - behind `。`, `！`, `？` and `｡`, which no space follows,
// - at kMaxSentence bytes: behind the last white space in the second half of them, else at the last
//   character that fits.
//
// What a prefix of a text gives is not changed by what follows it. Thread-safe.
std::size_t FindSentenceEnd(absl::string_view text);

// Whether a model could find something in `text`: it holds letters, and is no edge of a string.
bool HoldsLetters(absl::string_view text);

}  // namespace countersign::text::unicode
