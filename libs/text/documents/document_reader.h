#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "libs/text/documents/spelling.h"

namespace countersign::text::documents {

// Reads a text that arrives in pieces and may be a JSON document; the output does not depend on the
// pieces. In a document, the escapes of strings (keys too) and numbers are resolved, and a quote
// becomes a space. A string that begins like a document is read as one, up to kMaxDepth levels.
// Documents may follow each other. After the first byte that is not JSON the rest is plain text.
// Not thread-safe.
class DocumentReader {
 public:
  static constexpr std::size_t kMaxNumberBytes = 4096;
  enum class Form {
    kText,      // a document if it begins with {, [ or a quote
    kDocument,  // a document, also a bare number or literal
    kProse,     // like kText, and a document may begin at any {, [ or quote in plain text
  };
  explicit DocumentReader(Form form, std::size_t max_number_bytes = kMaxNumberBytes)
      : DocumentReader(form, max_number_bytes, 0) {}

  // RESOURCE_EXHAUSTED (masking_limit) for a longer number; the reader is unusable afterwards.
  absl::Status Read(absl::string_view piece, Characters& out);
  // The text ends here, even within a document.
  absl::Status Finish(Characters& out);

  // The number of bytes that wait for later input.
  std::size_t held() const;
  std::size_t memory_bytes() const;

 private:
  enum class State : std::uint8_t {
    kValue,        // a value must come
    kFirstValue,   // after [: a value or ]
    kFirstKey,     // after {: a key or }
    kKey,          // after , in an object
    kColon,        // after a key
    kNext,         // after a value: , or the end of its container
    kStringStart,  // in a string, so far only white space
    kString,
    kNumber,   // until a byte that ends it, white space included
    kLiteral,  // in true, false, null
    kPlain,    // not JSON any more
  };
  // One character, as the enclosing string sees it.
  struct Char {
    absl::string_view decoded;
    absl::string_view spelled;
    char ascii() const { return decoded.size() == 1 ? decoded[0] : '\x80'; }
  };

  DocumentReader(Form form, std::size_t max_number_bytes, int depth)
      : form_(form),
        depth_(static_cast<std::uint8_t>(depth)),
        max_number_bytes_(max_number_bytes) {}

  absl::Status Take(Char c, Characters& out);
  absl::Status TakeStructure(Char c, Characters& out);
  absl::Status TakeInString(Char c, Characters& out);
  absl::Status TakeEscape(Characters& out);
  absl::Status TakePairedEscape(Characters& out);
  absl::Status TakeInNumber(Char c, Characters& out);
  absl::Status TakeInLiteral(Char c, Characters& out);
  absl::Status AddToString(absl::string_view decoded, absl::string_view spelled, Characters& out);
  absl::Status AddEscaped(std::uint32_t code_point, std::size_t characters, Characters& out);
  absl::Status EndString(Char quote, Characters& out);
  void AddStructure(Char c, absl::string_view decoded, Characters& out) const;
  void AddPlainOrString(Char c, Characters& out) const;
  void EndNumber(Characters& out);
  void GoPlain(Characters& out);

  Place At(Place::Kind kind) const { return {kind, depth_}; }

  const Form form_;
  const std::uint8_t depth_;
  const std::size_t max_number_bytes_;
  State state_ = State::kValue;
  bool in_key_ = false;
  std::string containers_;                 // { and [ not closed yet
  WaitingCharacters waiting_;              // an incomplete escape, number or literal
  std::unique_ptr<DocumentReader> inner_;  // reads the string as a document
};

}  // namespace countersign::text::documents
