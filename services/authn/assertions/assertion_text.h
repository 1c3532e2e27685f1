#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// SAML messages as callers send them: in base64url or base64, with or without padding.
namespace countersign::authn::assertions {

// Whether `text` looks like an encoded Response or Assertion. Reads its beginning only.
bool LooksLikeAssertion(absl::string_view text);

// The message in `text`. UNAUTHENTICATED `saml_malformed` when it is neither form of base64.
absl::StatusOr<std::string> DecodeAssertion(absl::string_view text);

}  // namespace countersign::authn::assertions
