#pragma once

#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/cli/output/listing.h"

namespace countersign::cli::resources {

// The columns of `get KIND`. `with_kind`: names are KIND/NAME, for listings of several kinds. Ages
// are those at `now`. For resources as the gateway lists them, with their spec as text.
std::vector<output::Column> ResourceColumns(absl::string_view kind, bool with_kind, absl::Time now);

}  // namespace countersign::cli::resources
