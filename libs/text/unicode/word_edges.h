#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace countersign::text::unicode {

// Whether a word may begin or end at `pos`: at the edges of the text, and everywhere except between
// two word characters (letters, marks, numbers, connectors such as `_`). Han, kana, Thai, Lao,
// Khmer and Myanmar are written without spaces and Hangul with particles on the word, so there
// every place is an edge. Default-ignorable characters at `pos` are looked past, for they make no
// edge that a reader sees. REQUIRES: `text` is UTF-8, `pos` is at a character or at the end.
bool IsWordEdge(absl::string_view text, std::size_t pos);

// Whether `code_point` on both sides of a place keeps it from being an edge.
bool IsWordCharacter(std::uint32_t code_point);

// Whether IsWordEdge looks past `code_point` before a place: marks and default-ignorables.
bool IsPassedByWordEdges(std::uint32_t code_point);

}  // namespace countersign::text::unicode
