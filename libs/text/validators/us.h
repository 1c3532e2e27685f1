#pragma once

#include "absl/strings/string_view.h"

// Identifiers of the United States of America. validators.h has the contract.
namespace countersign::text::validators {

bool IsSocialSecurityNumber(absl::string_view match);
bool IsTaxpayerNumber(absl::string_view match);

}  // namespace countersign::text::validators
