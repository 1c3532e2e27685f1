#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace countersign::text::validators {

// Keccak-256 with the padding of the original submission (0x01), which Ethereum uses and SHA3-256
// (0x06) differs from. 32 bytes. Source: G. Bertoni et al., The Keccak reference 3.0 (2011).
std::string Keccak256(absl::string_view data);

}  // namespace countersign::text::validators
