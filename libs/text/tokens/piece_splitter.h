#pragma once

#include <cstddef>

#include "absl/strings/string_view.h"
#include "libs/text/tokens/char_classes.h"

// Hand-written matchers of both encodings' pre-tokenising patterns. Each returns the end of the
// piece that starts at `pos`. Pieces follow each other without gaps. REQUIRES: pos < text.size().
namespace countersign::text::tokens {

using PieceSplitter = std::size_t (*)(const CharClasses& classes, absl::string_view text,
                                      std::size_t pos);

// The alternatives of cl100k_base, in order:
//
//   (?i:'s|'t|'re|'ve|'m|'ll|'d)
//   [^\r\n\p{L}\p{N}]?\p{L}+
//   \p{N}{1,3}
//   ` ?`[^\s\p{L}\p{N}]+[\r\n]*
//   \s*[\r\n]+
//   \s+(?!\S)
//   \s+
std::size_t Cl100kPieceEnd(const CharClasses& classes, absl::string_view text, std::size_t pos);

// The alternatives of o200k_base, in order, where Upper is [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}], Lower
// is [\p{Ll}\p{Lm}\p{Lo}\p{M}] and Contraction is (?i:'s|'t|'re|'ve|'m|'ll|'d)?:
//
//   [^\r\n\p{L}\p{N}]? Upper* Lower+ Contraction
//   [^\r\n\p{L}\p{N}]? Upper+ Lower* Contraction
//   \p{N}{1,3}
//   ` ?`[^\s\p{L}\p{N}]+[\r\n/]*
//   \s*[\r\n]+
//   \s+(?!\S)
//   \s+
std::size_t O200kPieceEnd(const CharClasses& classes, absl::string_view text, std::size_t pos);

}  // namespace countersign::text::tokens
