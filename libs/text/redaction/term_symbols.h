#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/text/redaction/term_automaton.h"
#include "libs/text/redaction/term_rules.h"

namespace countersign::text::redaction {

// Splits terms into symbols, and has each symbol's pattern. Internal to term_rules.cc.
class TermAlphabet {
 public:
  explicit TermAlphabet(TermFolding folding) : folding_(folding) {}

  // Empty for a term of ignored characters only. REQUIRES: `term` is valid UTF-8.
  TermSymbols Read(absl::string_view term);

  // The symbols' patterns, by number.
  const std::vector<regex::Automaton>& automata() const { return automata_; }
  const std::vector<regex::Regex>& patterns() const { return patterns_; }

 private:
  std::uint32_t Number(std::u32string_view characters);

  const TermFolding folding_;
  absl::flat_hash_map<std::u32string, std::uint32_t> numbers_;
  std::vector<regex::Automaton> automata_;
  std::vector<regex::Regex> patterns_;
};

}  // namespace countersign::text::redaction
