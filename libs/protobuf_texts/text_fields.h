#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace countersign::protobuf_texts {

// Which fields are texts: all strings, and bytes that are UTF-8, unless patterns say which.
//
// A pattern is names of fields from the message's root, with dots: "messages.content". `*` is any
// one name, `**` any number of them. The key and the value of a map are named `key` and `value`:
// "parameters.value". Immutable, thread-safe.
class TextFields {
 public:
  TextFields() = default;  // all
  explicit TextFields(std::vector<std::string> patterns);

  // Whether the field at `names`, names with dots, is text.
  bool Has(absl::string_view names) const;

 private:
  std::vector<std::vector<std::string>> patterns_;  // none: all
};

}  // namespace countersign::protobuf_texts
