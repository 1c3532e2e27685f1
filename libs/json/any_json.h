#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/json/document.h"

namespace countersign::json {

// What valid JSON may have beyond what Document::Parse accepts.
struct AnyJson {
  // Several members of one name in an object. All are kept; operator[] finds the last.
  bool duplicate_names = false;
};

// Like Document::Parse, but accepts any valid number: integers beyond 64 bits, and numbers beyond
// the range of a double, whose value is the largest double with their sign.
absl::StatusOr<Document> ParseAnyJson(absl::string_view bytes, const Limits& limits = {},
                                      AnyJson options = {});

}  // namespace countersign::json
