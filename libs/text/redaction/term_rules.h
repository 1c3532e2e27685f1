#pragma once

#include <string>
#include <vector>

#include "libs/text/redaction/redaction.h"

namespace countersign::text {

// Rules that find any of `terms` as they stand, or in any case variant when `caseless`. A term that
// begins (ends) with a word character is found only where no word character precedes (follows) it.
// Terms share their common beginnings, so thousands of them cost little. At most four rules, one
// per kind of edges, each with its regex and neighbours set and nothing else; none without terms.
// REQUIRES: terms are valid UTF-8. Empty terms are ignored.
std::vector<RedactionRule> TermRules(const std::vector<std::string>& terms, bool caseless);

}  // namespace countersign::text
