#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace countersign::dialects::members {

// A non-text value at a place for media.
struct Media {
  std::string type;    // as declared, else "application/octet-stream"
  std::string header;  // of a data: URL, if it has more than a well-known type
  std::string bytes;
};

// Reads `value`, at a place for media: well-formed base64 of bytes that are not text, either alone
// or in a data: URL with a type that is not a text type. Nothing for anything else, which is text.
//
// Words are well-formed base64, too, and their bytes are hardly ever text. So what is read here is
// judged as text unless HasMediaSignature (media_signatures.h) or, at a place for what a model
// sealed, IsSealed.
std::optional<Media> ReadMedia(absl::string_view value);

// True for a value so short that its encoded form may be read as text whatever it encodes.
bool IsShortMedia(absl::string_view value);

// True for base64 that is long, and everywhere as mixed as that of encrypted bytes.
bool IsSealed(absl::string_view value);

// How a text is encoded in a string.
enum class Encoding {
  kPlain,    // not encoded
  kDataUrl,  // a data: URL with base64 after its comma
  kPercent,  // a data: URL with percent-encoding
  kBase64,   // base64 alone
  kOneWay,   // it cannot be encoded again
  kBytes,    // not in a string of JSON: the bytes of the body are the text
};

// A text that is encoded in a string, as a program that opens it would read it. The header of a
// data: URL is kept in `header`.
struct EncodedText {
  std::string text;
  std::string header;  // "data:text/plain;base64,"
  Encoding encoding = Encoding::kPlain;
  // The encoded form could be read as text, too: it is short, or not well-formed, or URL parsers
  // remove some of it.
  bool plain_too = false;
};

// The text of a data: URL, whatever type it declares; nothing if it is not a data: URL, or has no
// text. A data: URL is what URL parsers read as one: without C0 controls and spaces around it, and
// without tabs and line breaks anywhere (URL Standard, section 4.4); percent-encoding is resolved
// before base64. Of base64 with a fragment the text is read without and with it.
std::optional<EncodedText> ReadDataUrl(absl::string_view value);

// The text in base64, as lenient readers decode it, which skip all other characters; nothing if it
// has no text.
std::optional<EncodedText> ReadBase64Text(absl::string_view value);

// Encodes `text`, which may have changed since it was read, in the original form.
// FAILED_PRECONDITION when that is impossible.
absl::StatusOr<std::string> WriteEncoded(const EncodedText& as_read, absl::string_view text);

}  // namespace countersign::dialects::members
