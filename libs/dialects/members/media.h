#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace countersign::dialects::members {

// A value in a place for media that is no text.
struct Media {
  std::string type;    // as declared, else "application/octet-stream"
  std::string header;  // of a data: URL, when more stands in it than a type that is well known
  std::string bytes;
};

// `value`, in a place for media, as media: well-formed base64 of bytes that are no text, either
// alone or in a data: URL whose type is none of text. Nothing for anything else, which is text.
std::optional<Media> ReadMedia(absl::string_view value);

// How a text is written in a string.
enum class Encoding {
  kPlain,    // as it is
  kDataUrl,  // a data: URL with base64 after its comma
  kPercent,  // a data: URL with percent-encoding
  kBase64,   // base64 alone
  kOneWay,   // it cannot be written back
};

// A text that is encoded in a string: what a program that opens it would read. Of a data: URL the
// header stays in front.
struct EncodedText {
  std::string text;
  std::string header;  // "data:text/plain;base64,"
  Encoding encoding = Encoding::kPlain;
  // What is written could itself be read: it is short, or not well-formed.
  bool plain_too = false;
};

// The text of a data: URL, whatever type it declares; nothing when it is none, or holds no text.
std::optional<EncodedText> ReadDataUrl(absl::string_view value);

// The text of base64 alone; nothing when it is none, or holds no text.
std::optional<EncodedText> ReadBase64Text(absl::string_view value);

// `text`, which may have changed since it was read, written as it was. FAILED_PRECONDITION when
// that cannot be done.
absl::StatusOr<std::string> WriteEncoded(const EncodedText& as_read, absl::string_view text);

}  // namespace countersign::dialects::members
