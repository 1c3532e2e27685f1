#pragma once

#include "absl/strings/string_view.h"

namespace countersign::dialects::answers {

// True for a value at a place for media in an answer that is media: well-formed base64, alone or in
// a data: URL, of bytes that are not text. Callers decode it and do not read it, so it is neither
// masked nor counted, and a picture is not damaged by a detector that finds a match by chance.
//
// A text that happens to be base64 (a card number, a word) is no media: the bytes must begin like a
// well-known format, or be long and as mixed as only encoded bytes are.
bool IsMediaValue(absl::string_view value);

// True for a value at a place for what the model's server has encrypted: long well-formed base64,
// everywhere as mixed as encrypted bytes. Callers send it back as it is, so it must come whole.
bool IsSealedValue(absl::string_view value);

}  // namespace countersign::dialects::answers
