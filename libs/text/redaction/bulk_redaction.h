#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/text/redaction/redaction.h"
#include "libs/text/regex/automaton.h"

namespace countersign::text::redaction {

class ScanAutomaton;
class ScanRules;

// Shorter texts are redacted as fast by a stream.
inline constexpr std::size_t kBulkBytes = 256;

// Appends to `released` and `spans` what a stream would make of a whole text, as
// RedactionStream::Feed does: `automaton`, which is one of `rules`, those of `program`, scans it,
// and the automaton of a rule runs only where that found an end of a match, or a phrase of its
// context. Linear in the text. False, and nothing is appended, when the automaton gave up.
// REQUIRES: less than 4 GiB.
bool RedactBulk(const RedactionProgram& program, const ScanRules& rules, ScanAutomaton& automaton,
                absl::string_view text, std::string* released, std::vector<RedactedSpan>* spans);

// Whole texts of one rule set, and the automata for them. Thread-safe.
class BulkScanner {
 public:
  // See ScanRules.
  BulkScanner(const RedactionProgram& program, const std::vector<regex::Automaton>& automata);
  ~BulkScanner();

  // As RedactBulk. False also where a text is too small or too large, or as many threads are
  // scanning as there may be automata.
  bool Redact(absl::string_view text, std::string* released, std::vector<RedactedSpan>* spans);

  const ScanRules& rules() const { return *rules_; }

 private:
  std::unique_ptr<ScanAutomaton> Borrow();
  void GiveBack(std::unique_ptr<ScanAutomaton> automaton);

  const RedactionProgram& program_;
  std::mutex mutex_;
  std::unique_ptr<const ScanRules> rules_;            // made when there is first need of it
  std::vector<std::unique_ptr<ScanAutomaton>> idle_;  // guarded by mutex_
  std::size_t made_ = 0;                              // guarded by mutex_
};

}  // namespace countersign::text::redaction
