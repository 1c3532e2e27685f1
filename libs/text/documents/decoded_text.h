#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/text/documents/escape_filter.h"

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
  static std::optional<DecodedText> Decode(absl::string_view text, EscapeFilter::Escapes escapes);
  friend std::optional<DecodedText> DecodeText(absl::string_view text);
  friend std::optional<DecodedText> DecodeOctal(absl::string_view text,
                                                const std::optional<DecodedText>& decoded);
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

// Resolves octal escapes (`\165`), too. A reading beside the others, because a path (`C:\123`)
// looks like one. `decoded` is DecodeText(text); nothing if no octal escapes are left in it.
std::optional<DecodedText> DecodeOctal(absl::string_view text,
                                       const std::optional<DecodedText>& decoded);

}  // namespace countersign::text::documents
