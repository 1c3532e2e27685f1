#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

// What `countersign help TOPIC` explains beside the verbs.
namespace countersign::cli::help {

struct Topic {
  std::string name;
  std::string summary;  // one line
};
const std::vector<Topic>& Topics();

// The text of a topic in lines of at most `width` bytes where words allow; "" when there is none of
// that name. Ends with a newline.
std::string ExplainTopic(absl::string_view name, std::size_t width);

}  // namespace countersign::cli::help
