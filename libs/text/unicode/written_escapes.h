#pragma once

#include <cstddef>

#include "absl/strings/string_view.h"

// Escapes as they stand in a text: in sources, logs, URLs, HTML and JSON within JSON. Masking reads
// them as the character that they mean, so that a value behind them begins at an edge.
//
//   backslashes (up to 15) and n r t b f / " \' xHH  → the character; a quote is kEscapedQuote
//   %HH of a control, a space or punctuation, also %25HH → the mark, if it separates the members of
//   a query; a quote is kEscapedQuote, others are kEscapedMark. Letters and digits, the characters
//   - . _ ~ and the sign @ stay as written
//   &lt; &gt; &amp; &quot; &apos; &nbsp; and numbers of ASCII characters, also &amp;quot; → the
//   character; a quote is kEscapedQuote
//   sequences of a terminal (ECMA-48 CSI, the introducer of OSC and its end, character sets), with
//   the escape character raw or as \e, \033, \x1b → one space
namespace countersign::text::unicode {

// The first characters of escapes.
inline constexpr absl::string_view kEscapeIntroducers = "\\%&\x1b\a";

inline constexpr std::size_t kMaxWrittenEscape = 64;

struct WrittenEscape {
  std::size_t size = 0;     // 0: none
  char meaning = 0;         // in folded text
  bool unfinished = false;  // more text decides; if none comes, `size` and `meaning` hold
};

// The escape at the beginning of `text`. Pure; thread-safe.
WrittenEscape ReadWrittenEscape(absl::string_view text);

}  // namespace countersign::text::unicode
