#pragma once

#include <string>

namespace countersign::standalone::process {

// `wanted` ("127.0.0.1:8080") if its port is free now, otherwise the same host with port 0.
std::string WantedOrFree(const std::string& wanted);

}  // namespace countersign::standalone::process
