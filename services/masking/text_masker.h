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
// It is read by text::documents: strings (keys too) and numbers of a document, and documents in its
// strings, are matched without their escapes; clear text keeps its spelling, replacements are
// escaped, and a number with a match becomes a string. The document is one text in which a quote is
// a space: so a key is context for its value, and no match spans two values unless its pattern
// allows such punctuation.
//
// In strings and in plain text, `\uXXXX` is matched as the character that it encodes, however often
// its backslash is escaped, so that text in quoted documents is found.
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

  // The same in two steps, for a text that an analyzer reads, too. First, reads the piece and
  // appends the sentences that are complete, decoded, to `sentences`.
  absl::Status Read(absl::string_view piece, bool end, std::vector<std::string>& sentences);
  // Then releases the next sentences, as many as `found` has entries; with `end` all must be left.
  // Further pieces may have been read before.
  absl::Status Release(const std::vector<SentenceMatches>& found, bool end,
                       domain::FieldRelease& release, std::vector<Replaced>* places = nullptr) {
    return text_.FlushSentences(found, end, release, places);
  }

  // The number of input bytes that were neither released nor replaced.
  std::size_t held() const { return text_.held() + filter_.held() + reader_.held(); }
  // The memory in use, including held text.
  std::size_t memory_bytes() const {
    return sizeof(*this) - sizeof(text_) - sizeof(reader_) + text_.memory_bytes() +
           filter_.memory_bytes() + reader_.memory_bytes();
  }

 private:
  absl::Status ReadPiece(absl::string_view piece, bool end);

  text::documents::DocumentReader reader_;
  text::documents::EscapeFilter filter_;
  SpelledText text_;
};

}  // namespace countersign::masking
