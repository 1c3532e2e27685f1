#pragma once

#include <cstddef>
#include <string>

#include "libs/text/regex/regex_parser.h"

namespace countersign::text::regex {

// `node` as a Hyperscan pattern over bytes. Word boundaries are left out, and a repeat whose bounds
// are further apart than `span`, or larger than `largest`, is relaxed, so that the pattern matches
// a superset.
std::string PrintRegex(const RegexNode& node, std::size_t span, std::size_t largest);

}  // namespace countersign::text::regex
