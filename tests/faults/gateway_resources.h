#pragma once

#include <string>

#include "tests/faults/gateway_process.h"

namespace countersign::faults {

// Starts `gateway` with one caller, who may send `model` everything that the resources in `more`
// (YAML documents) do not forbid. Returns the caller's access key.
std::string StartForOneCaller(Gateway& gateway, const DemoModel& model,
                              const std::string& more = "");

}  // namespace countersign::faults
