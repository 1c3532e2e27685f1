#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "libs/text/regex/automaton.h"
#include "libs/text/regex/byte_set.h"
#include "libs/text/regex/regex_parser.h"

namespace countersign::text {

// Something that is cheap to find and that every match of a rule contains. It says where to look
// closer and nothing else: what it finds too much costs time alone. One of two kinds, or none that
// would help:
struct BulkTrigger {
  // A pattern for Hyperscan, over bytes, and the same with more hits, in case it is too large.
  std::string expression;
  std::string smaller;
  // What the bytes from the start of a match on are, each for itself; at least two.
  std::vector<ByteSet> columns;

  // A hit ends at most this far behind the start of the match it belongs to; may be kUnbounded.
  std::size_t reach = kUnbounded;
  bool at_end = false;  // a match has a hit at its very end

  bool None() const { return expression.empty() && columns.empty(); }
};

// The trigger of a pattern in folded text, of which `automaton` is the automaton.
BulkTrigger MakeBulkTrigger(const Regex& folded, const Automaton& automaton);

// What Hyperscan looks for on behalf of some rules: their trigger, or a context word that all of
// them need, so that a match begins behind it.
struct BulkPattern {
  std::string expression;
  std::string smaller;
  std::vector<std::uint32_t> rules;
  bool is_context = false;
  std::size_t word_size = 0;  // of a context of one word
};

// The pattern of a context phrase, given as its words.
BulkPattern MakeContextPattern(const std::vector<std::string>& words);

// `node` as Hyperscan reads it, over bytes. Word edges are left out, and a repeat whose bounds are
// further apart than `span`, or larger than `largest`, is relaxed: it matches the same or more.
std::string PrintRegex(const RegexNode& node, std::size_t span, std::size_t largest);

}  // namespace countersign::text
