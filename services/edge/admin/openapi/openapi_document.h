#pragma once

#include "absl/strings/string_view.h"

namespace countersign::edge::admin::openapi {

// The OpenAPI document of the admin and review RPCs, generated from proto/ when this is built.
absl::string_view OpenApiDocument();

}  // namespace countersign::edge::admin::openapi
