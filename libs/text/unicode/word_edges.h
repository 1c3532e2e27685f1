#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace countersign::text::unicode {

// Whether there is a word boundary at `pos`: at the edges of the text, and everywhere except
// between two word characters (letters, marks, numbers, connectors such as `_`). Han, kana, Thai,
// Lao, Khmer and Myanmar are written without spaces and Hangul with attached particles, so for
// these every position is a boundary. Default-ignorable characters at `pos` are skipped, because
// readers do not see them. REQUIRES: `text` is UTF-8, `pos` is at a character or at the end.
bool IsWordEdge(absl::string_view text, std::size_t pos);

// Whether `text` ends in a word character, so that there is no boundary between it and one that
// follows. As in IsWordEdge; REQUIRES that `text` ends with a whole character.
bool EndsInWord(absl::string_view text);

// Whether there is no word boundary between two characters with this property.
bool IsWordCharacter(std::uint32_t code_point);

// Whether IsWordEdge skips `code_point` before a position: marks and default-ignorables.
bool IsPassedByWordEdges(std::uint32_t code_point);

}  // namespace countersign::text::unicode
