#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace countersign::text::documents {

// A text with its escapes resolved: those of JSON if it is a document (DocumentReader), and all
// others (EscapeFilter, all escapes). Maps positions back to the original text.
class DecodedText {
 public:
  const std::string& text() const { return text_; }

  // The position in the original text of [begin, end) of text(). REQUIRES: both are within text().
  std::size_t SpelledBegin(std::size_t begin) const;
  std::size_t SpelledEnd(std::size_t end) const;

 private:
  friend std::optional<DecodedText> DecodeText(absl::string_view text);
  friend class DecodedWriter;
  // From here to the next anchor, each decoded byte is one byte of the original.
  struct Anchor {
    std::size_t decoded;
    std::size_t spelled;
  };
  std::string text_;
  std::vector<Anchor> anchors_;
};

// Nothing if `text` has no escapes.
std::optional<DecodedText> DecodeText(absl::string_view text);

}  // namespace countersign::text::documents
