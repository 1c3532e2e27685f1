#pragma once

#include <cstddef>
#include <string>

#include "libs/text/byte_set.h"
#include "libs/text/regex_parser.h"

namespace countersign::text {

// A pattern for Hyperscan that is cheap to find and of which every match of a rule contains a hit.
// It says where to look closer and nothing else: what it finds too much costs time alone.
struct BulkTrigger {
  // Over bytes; matches a beginning of every match, or more. Empty: there is none that would help.
  std::string expression;
  std::string smaller;  // the same with more hits, in case the first is refused as too large
  // A hit is at most this far behind the start of the match it belongs to; may be kUnbounded.
  std::size_t reach = kUnbounded;
  bool at_end = false;  // a match has a hit at its very end
};

// The trigger of a pattern in folded text.
BulkTrigger MakeBulkTrigger(const Regex& folded);

// `node` as Hyperscan reads it, over bytes. Word edges are left out, and a repeat whose bounds are
// further apart than `span`, or larger than `largest`, is relaxed: it matches the same or more.
std::string PrintRegex(const RegexNode& node, std::size_t span, std::size_t largest);

}  // namespace countersign::text
