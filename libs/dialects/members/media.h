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
std::optional<Media> ReadMedia(absl::string_view value);

// True for bytes that begin like a well-known format of pictures, sound, video or documents.
bool HasMediaSignature(absl::string_view bytes);

// How a text is encoded in a string.
enum class Encoding {
  kPlain,    // not encoded
  kDataUrl,  // a data: URL with base64 after its comma
  kPercent,  // a data: URL with percent-encoding
  kBase64,   // base64 alone
  kOneWay,   // it cannot be encoded again
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
// without tabs and line breaks anywhere (URL Standard, section 4.4).
std::optional<EncodedText> ReadDataUrl(absl::string_view value);

// The text in base64; nothing if it is not base64, or has no text.
std::optional<EncodedText> ReadBase64Text(absl::string_view value);

// Encodes `text`, which may have changed since it was read, in the original form.
// FAILED_PRECONDITION when that is impossible.
absl::StatusOr<std::string> WriteEncoded(const EncodedText& as_read, absl::string_view text);

}  // namespace countersign::dialects::members
