#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "libs/domain/masker.h"
#include "libs/text/redaction/redaction.h"
#include "services/masking/spelled_text.h"

namespace countersign::masking {

// Masks one text that arrives in pieces and may be a JSON document. A document is still valid JSON
// after masking.
//
// In a document, strings (including keys) and numbers are matched decoded. Text that is not masked
// keeps its spelling, replacements are escaped, and a number in which something is masked becomes a
// string. The document is one text in which quotes count as spaces, so a key is a context for its
// value, and a match spans two values only if its pattern spans the punctuation between. Documents
// may follow each other. From the first byte that is not JSON on, the rest is plain text.
//
// In strings and in plain text `\uXXXX`, however often its backslash is escaped, is matched as the
// character that it encodes, so a document quoted in a text hides nothing.
//
// Not thread-safe. The released text does not depend on how the text was cut.
class TextMasker {
 public:
  enum class Form {
    kText,      // a document if it begins with { or [
    kDocument,  // a document: a bare string or number is one, too
  };
  TextMasker(std::shared_ptr<const text::redaction::RuleSet> rules, Form form);

  // Like text::redaction::RedactionStream::Feed: appends to the text and masked spans of `release`;
  // offsets refer to the released text, originals are decoded. `places`, if given, gets each span's
  // position in the input. After an error nothing may be delivered.
  absl::Status Feed(absl::string_view piece, bool end, domain::FieldRelease& release,
                    std::vector<Replaced>* places = nullptr);

  // Bytes of the input that were neither released nor replaced yet.
  std::size_t held() const { return text_.held() + escape_.size() + token_.size(); }
  // Memory in use, including held text.
  std::size_t memory_bytes() const {
    return sizeof(*this) - sizeof(text_) + text_.memory_bytes() + containers_.capacity() +
           escape_.capacity() + token_.capacity();
  }

 private:
  enum class State {
    kValue,       // expects a value
    kFirstValue,  // after [: expects a value or ]
    kFirstKey,    // after {: expects a key or }
    kKey,         // after , in an object: expects a key
    kColon,       // after a key
    kNext,        // after a value: expects , or the end of its container
    kString,
    kNumber,   // until a byte that ends it, including white space
    kLiteral,  // in true, false, null
    kPlain,    // not JSON any more
  };

  absl::Status Take(char c);
  absl::Status TakeStructure(char c);
  void TakeInString(char c);
  absl::Status TakeInNumber(char c);
  void TakeInLiteral(char c);
  void TakeEscape();
  void TakePairedEscape();
  void AddUnit(std::uint32_t code_point, std::size_t spelled);
  void FinishNumber();
  void GoPlain(absl::string_view held);
  void Finish();

  const Form form_;
  SpelledText text_;
  State state_ = State::kValue;
  std::string containers_;  // open { and [
  bool in_key_ = false;
  std::string escape_;  // an incomplete escape
  std::string token_;   // a number with the following white space, or a literal
};

}  // namespace countersign::masking
