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

// Masks one logical text that comes in pieces, and that may be a JSON document: then it is still
// one when it was masked.
//
// In a document, strings (keys too) and numbers are matched without their escapes; what is not
// masked keeps its spelling, what replaces a match is escaped, and a number in which something is
// masked becomes a string. The document is one text, in which a quote is a space: so a key is
// context for its value, and no match spans two values unless its pattern spans such punctuation.
// Documents may follow each other. From the first byte that is no JSON the rest is plain text.
//
// In strings and in plain text `\uXXXX` (however often its backslash is escaped) is matched as what
// it stands for, so a document quoted in a text hides nothing.
//
// Not thread-safe. What is released does not depend on how the text was cut.
class TextMasker {
 public:
  enum class Form {
    kText,      // a document if it begins with { or [
    kDocument,  // a document: a bare string or number is one, too
  };
  TextMasker(std::shared_ptr<const text::redaction::RuleSet> rules, Form form);

  // As text::redaction::RedactionStream::Feed: appends to `release`'s text and masked spans, whose
  // offsets are those of the released text; originals are without escapes. `places`, if given, gets
  // where in the input each of the spans stood. After an error nothing may be delivered.
  absl::Status Feed(absl::string_view piece, bool end, domain::FieldRelease& release,
                    std::vector<Replaced>* places = nullptr);

  // Bytes of the input that have neither left nor been replaced.
  std::size_t held() const { return text_.held() + escape_.size() + token_.size(); }
  // What this masker occupies now, what is held included.
  std::size_t memory_bytes() const {
    return sizeof(*this) - sizeof(text_) + text_.memory_bytes() + containers_.capacity() +
           escape_.capacity() + token_.capacity();
  }

 private:
  enum class State {
    kValue,       // a value must come
    kFirstValue,  // after [: a value or ]
    kFirstKey,    // after {: a key or }
    kKey,         // after , in an object
    kColon,       // after a key
    kNext,        // after a value: , or the end of its container
    kString,
    kNumber,   // until a byte that ends it, white space included
    kLiteral,  // in true, false, null
    kPlain,    // no JSON any more
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
  std::string containers_;  // { and [ that are open
  bool in_key_ = false;
  std::string escape_;  // an escape whose end has not come
  std::string token_;   // a number with the white space after it, or a literal
};

}  // namespace countersign::masking
