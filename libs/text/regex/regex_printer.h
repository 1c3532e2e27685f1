#pragma once

#include <cstddef>
#include <string>

#include "libs/text/regex/regex_parser.h"

namespace countersign::text::regex {

// `node` as Hyperscan reads it, over bytes. Word edges are left out, and a repeat whose bounds are
// further apart than `span`, or larger than `largest`, is relaxed: it matches the same or more.
std::string PrintRegex(const RegexNode& node, std::size_t span, std::size_t largest);

}  // namespace countersign::text::regex
