#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "libs/domain/masker.h"
#include "libs/text/documents/document_reader.h"
#include "libs/text/documents/escape_filter.h"
#include "libs/text/redaction/redaction.h"
#include "services/masking/spelled_text.h"

namespace countersign::masking {

// Masks one text that arrives in pieces and may be a JSON document. A document is still valid JSON
// after masking.
//
// It is read by text::documents: strings (keys too) and numbers of a document are matched without
// their escapes, and so are documents in its strings; what is not masked keeps its spelling, what
// replaces a match is escaped, and a number in which something is masked becomes a string. The
// document is one text, in which a quote is a space: so a key is context for its value, and no
// match spans two values unless its pattern spans such punctuation.
//
// In strings and in plain text `\uXXXX`, however often its backslash is escaped, is matched as the
// character that it encodes, so a document quoted in a text hides nothing.
//
// Not thread-safe. The released text does not depend on how the text was cut.
class TextMasker {
 public:
  using Form = text::documents::DocumentReader::Form;
  TextMasker(std::shared_ptr<const text::redaction::RuleSet> rules, Form form)
      : reader_(form), text_(std::move(rules)) {}

  // Like text::redaction::RedactionStream::Feed: appends to the text and masked spans of `release`;
  // offsets refer to the released text, originals are decoded. `places`, if given, gets each span's
  // position in the input. After an error nothing may be delivered.
  absl::Status Feed(absl::string_view piece, bool end, domain::FieldRelease& release,
                    std::vector<Replaced>* places = nullptr);

  // Bytes of the input that have neither left nor been replaced.
  std::size_t held() const { return text_.held() + filter_.held() + reader_.held(); }
  // What this masker occupies now, what is held included.
  std::size_t memory_bytes() const {
    return sizeof(*this) - sizeof(text_) - sizeof(reader_) + text_.memory_bytes() +
           filter_.memory_bytes() + reader_.memory_bytes();
  }

 private:
  text::documents::DocumentReader reader_;
  text::documents::EscapeFilter filter_;
  SpelledText text_;
};

}  // namespace countersign::masking
