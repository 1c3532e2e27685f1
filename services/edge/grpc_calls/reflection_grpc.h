#pragma once

#include <string>
#include <vector>

#include "libs/rpc/reflection.h"

namespace countersign::edge::grpc_calls {

// The full names of the services for callers, sorted.
const std::vector<std::string>& PublicServiceNames();

// Describes those services, and what the edge itself serves. Services between the parts of the
// gateway are left out of their files.
rpc::Reflection MakePublicReflection();

}  // namespace countersign::edge::grpc_calls
