#pragma once

#include <functional>
#include <string>

#include "libs/config/fields.h"

namespace countersign::config::testing {

// Passes the mapping `yaml` at `path` of f.yaml to `read`; an empty text is an absent
// mapping. Returns the mistakes, one per line; "" for none.
std::string ReadFields(const std::string& yaml, const std::string& path,
                       const std::function<void(Fields&)>& read);

}  // namespace countersign::config::testing
