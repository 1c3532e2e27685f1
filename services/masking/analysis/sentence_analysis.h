#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "services/masking/analysis/analyzers.h"
#include "services/masking/spelled_text.h"

namespace countersign::masking::analysis {

// What one direction of a profile leaves to an analyzer. Immutable.
struct Wanted {
  struct Entity {
    std::uint32_t rule = 0;  // the given rule of the rule set
    double min_score = 0;
  };
  std::string name;                              // of the analyzer
  const ConfiguredAnalyzer* analyzer = nullptr;  // null: this process has none of the name
  std::map<std::string, Entity> entities;
};

// Asks a profile's analyzer about the sentences of one prompt or answer. One Find at a time. Its
// answer may come after this object's end.
class SentenceAnalysis {
 public:
  explicit SentenceAnalysis(std::shared_ptr<const Wanted> wanted);

  // Calls `done` with the matches of each sentence: before it returns if no sentence holds letters,
  // and always after a failure that the analyzer's `onFailure` allows. Otherwise a failure is
  // UNAVAILABLE `analyzer_failed`, and the call must end.
  void Find(std::vector<std::string> sentences, absl::Time deadline,
            domain::Done<std::vector<SentenceMatches>> done);

  // A failure was allowed: what Find returned since then lacks matches.
  bool masks_less() const;
  const std::string& name() const;

 private:
  struct State;
  struct Round;
  static void AskNext(const std::shared_ptr<Round>& round);
  static absl::Status Take(Round& round, absl::StatusOr<std::vector<Finding>> findings);
  static void Fail(Round& round, const absl::Status& status);

  std::shared_ptr<State> state_;
};

}  // namespace countersign::masking::analysis
