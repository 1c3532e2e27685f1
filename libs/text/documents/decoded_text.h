#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace countersign::text::documents {

// A text without its escapes: those of JSON where it is a document (DocumentReader), and any others
// (EscapeFilter, all escapes), with the way back to what was written.
class DecodedText {
 public:
  const std::string& text() const { return text_; }

  // Where what stands at [begin, end) of text() is written. REQUIRES: both within text().
  std::size_t SpelledBegin(std::size_t begin) const;
  std::size_t SpelledEnd(std::size_t end) const;

 private:
  friend std::optional<DecodedText> DecodeText(absl::string_view text);
  friend class DecodedWriter;
  // From here on one byte is written as one, as far as the next of these.
  struct Anchor {
    std::size_t decoded;
    std::size_t spelled;
  };
  std::string text_;
  std::vector<Anchor> anchors_;
};

// Nothing when no escape stands in `text`: it reads as it is written.
std::optional<DecodedText> DecodeText(absl::string_view text);

}  // namespace countersign::text::documents
