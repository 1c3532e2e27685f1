#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

// A byte-by-byte implementation of RFC 8259, the oracle for Document and Quote.
namespace countersign::json::testing {

// `text` as a JSON string.
std::string ReferenceQuote(absl::string_view text);

struct ReferenceValue {
  char type =
      'n';  // null, true, false: 'n', 't', 'f'; number '0', string '"', array '[', object '{'
  std::string text;  // of a string, decoded; of a number, as it is written
  std::size_t begin = 0, end = 0;
  std::vector<std::string> keys;
  std::vector<ReferenceValue> children;
};

// The value of `bytes`; nullopt where strict parsing refuses them: invalid UTF-8, a lone surrogate,
// a duplicate key, a number beyond 64 bits or double, more than `max_depth` levels.
std::optional<ReferenceValue> ReferenceParse(absl::string_view bytes, std::size_t max_depth);

}  // namespace countersign::json::testing
