#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "libs/text/redaction/redaction.h"
#include "libs/text/regex/pattern_database.h"

namespace countersign::text {

// Texts below this are not worth a scan of their own.
inline constexpr std::size_t kBulkBytes = 16 * 1024;

// Calls its argument with (pattern, end) for the matches of RedactionProgram::bulk_patterns in a
// folded text, in any order. An error means that some may be missing.
using BulkScan = absl::FunctionRef<absl::Status(
    absl::string_view folded, absl::FunctionRef<void(std::uint32_t pattern, std::size_t end)>)>;

// The redaction of a whole text, appended as RedactionStream::Feed does; what a stream would make
// of it, by running the automaton of each rule only where `scan` says that there could be a match.
// Rules without a trigger are run over everything. Linear in the text: what one rule looks at, it
// looks at twice at most. On an error, nothing is appended. REQUIRES: less than 4 GiB.
absl::Status RedactBulk(const RedactionProgram& program, absl::string_view text, BulkScan scan,
                        std::string* released, std::vector<RedactedSpan>* spans);

// The triggers of a rule set as a Hyperscan database, compiled when there is first need of it: it
// takes up to seconds. Thread-safe.
class BulkScanner {
 public:
  explicit BulkScanner(const RedactionProgram& program);
  ~BulkScanner();  // waits for a compilation that is running

  // True when `text` should go through Redact. The first texts that are large enough start the
  // compilation in a thread of its own and are better off without it; a very large one waits.
  bool IsReadyFor(absl::string_view text);

  // Compiles now, unless that was done. False when Hyperscan cannot run here or refuses too much.
  bool Prepare();

  // REQUIRES: IsReadyFor or Prepare was true.
  absl::Status Redact(absl::string_view text, std::string* released,
                      std::vector<RedactedSpan>* spans) const;

 private:
  enum class State { kIdle, kCompiling, kReady, kRefused };

  void Compile();
  bool CompileTriggers();

  const RedactionProgram& program_;
  std::mutex mutex_;
  State state_ = State::kIdle;  // guarded by mutex_
  std::thread thread_;          // guarded by mutex_
  std::once_flag compiled_;
  std::unique_ptr<PatternDatabase> database_;  // unchanged once kReady
};

}  // namespace countersign::text
