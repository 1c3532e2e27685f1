#include "libs/domain/resources.h"

#include <algorithm>

#include "libs/base/glob.h"

namespace countersign::domain {

bool ServesModel(const Connection& connection, absl::string_view model) {
  return connection.models.empty() ||
         std::any_of(connection.models.begin(), connection.models.end(),
                     [&](const std::string& glob) { return GlobMatch(glob, model); });
}

}  // namespace countersign::domain
