#pragma once

#include <string>

#include "libs/dialects/members/schema.h"

namespace countersign::dialects::members {

// The schema as a Markdown table for the documentation: a row for each member that is not an
// object, and how its value is treated.
std::string FormatTable(const Schema& schema);

}  // namespace countersign::dialects::members
