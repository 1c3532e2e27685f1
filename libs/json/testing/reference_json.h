#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

// JSON read and written as RFC 8259 says, one byte at a time: what Document and Quote are compared
// with.
namespace countersign::json::testing {

// `text` as a JSON string, every byte by itself.
std::string ReferenceQuote(absl::string_view text);

struct ReferenceValue {
  char type =
      'n';  // null, true, false: 'n', 't', 'f'; number '0', string '"', array '[', object '{'
  std::string text;  // of a string, decoded; of a number, as it is written
  std::size_t begin = 0, end = 0;
  std::vector<std::string> keys;
  std::vector<ReferenceValue> children;
};

// What `bytes` say; nothing where strict reading refuses them: no valid UTF-8, a lone surrogate, a
// key twice, a number beyond 64 bits or a double, more than `max_depth` levels.
std::optional<ReferenceValue> ReferenceParse(absl::string_view bytes, std::size_t max_depth);

}  // namespace countersign::json::testing
