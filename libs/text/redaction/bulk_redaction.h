#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/base/mutex.h"
#include "libs/text/redaction/redaction.h"
#include "libs/text/regex/automaton.h"

namespace countersign::text::redaction {

class ScanAutomaton;
class ScanRules;

// A stream redacts shorter texts as fast.
inline constexpr std::size_t kBulkBytes = 256;

// Redacts a whole text and appends to `released` and `spans`, with the same result as
// RedactionStream::Feed. `automaton`, built from `rules` of `program`, scans the text for all rules
// at once; a rule's own automaton runs only where the scan found the end of a match or a phrase of
// the rule's context. Linear in the text. Returns false, appending nothing, when the automaton
// gives up. REQUIRES: less than 4 GiB.
bool RedactBulk(const RedactionProgram& program, const ScanRules& rules, ScanAutomaton& automaton,
                absl::string_view text, std::string* released, std::vector<RedactedSpan>* spans);

// Redacts whole texts with one rule set, and owns the automata for them. Thread-safe.
class BulkScanner {
 public:
  // See ScanRules.
  BulkScanner(const RedactionProgram& program, const std::vector<regex::Automaton>& automata);
  ~BulkScanner();

  // As RedactBulk. Also false when the text is too small or too large, or when all automata are in
  // use.
  bool Redact(absl::string_view text, std::string* released, std::vector<RedactedSpan>* spans);

  const ScanRules& rules() const { return *rules_; }

 private:
  std::unique_ptr<ScanAutomaton> Borrow();
  void GiveBack(std::unique_ptr<ScanAutomaton> automaton);

  const RedactionProgram& program_;
  const std::unique_ptr<const ScanRules> rules_;
  Mutex mutex_;
  std::vector<std::unique_ptr<ScanAutomaton>> idle_ CS_GUARDED_BY(mutex_);
  std::size_t made_ CS_GUARDED_BY(mutex_) = 0;
};

}  // namespace countersign::text::redaction
