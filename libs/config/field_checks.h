#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/config/fields.h"

// Checks of fields that several kinds share. Mistakes are reported through `fields`.
namespace countersign::config {

// A list that must be there and not be empty.
std::vector<std::string> RequiredStrings(Fields& fields, absl::string_view name);

// Reports a `url` that is not one; "" is none, and right.
void CheckUrl(Fields& fields, absl::string_view name, absl::string_view url,
              bool may_be_grpc = false);

}  // namespace countersign::config
