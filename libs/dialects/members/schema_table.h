#pragma once

#include <string>

#include "libs/dialects/members/schema.h"

namespace countersign::dialects::members {

// The schema as a Markdown table: a row for each member that is no object, with what becomes of its
// value. The documentation is made of it.
std::string FormatTable(const Schema& schema);

}  // namespace countersign::dialects::members
