#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libs/base/mutex.h"
#include "services/masking/analysis/analyzer.h"

namespace countersign::masking::analysis {

// Finds the names it was given, as persons with a score of 0.9, or fails. Answers before Analyze
// returns, unless `deferred`. For tests only. Thread-safe.
class FakeAnalyzer final : public Analyzer {
 public:
  explicit FakeAnalyzer(std::vector<std::string> names = {"Ann Lee", "Zo\u00EB"})
      : names_(std::move(names)) {}

  void Analyze(AnalyzerRequest request, absl::Time deadline,
               domain::Done<std::vector<Finding>> done) override {
    absl::StatusOr<std::vector<Finding>> answer = Find(request);
    {
      const MutexLock lock(mutex_);
      requests_.push_back(std::move(request));
      deadlines_.push_back(deadline);
      if (!failure_.ok()) answer = failure_;
      if (rubbish_) answer->push_back(*rubbish_);
      if (deferred_) {
        waiting_ = [answer = std::move(answer), done = std::move(done)]() mutable {
          done(std::move(answer));
        };
        return;
      }
    }
    done(std::move(answer));
  }

  void FailWith(absl::Status failure) {
    const MutexLock lock(mutex_);
    failure_ = std::move(failure);
  }
  void AddRubbish(Finding finding) {
    const MutexLock lock(mutex_);
    rubbish_ = std::move(finding);
  }
  void Defer() {
    const MutexLock lock(mutex_);
    deferred_ = true;
  }
  // Answers the outstanding request.
  void Answer() {
    absl::AnyInvocable<void()> waiting;
    {
      const MutexLock lock(mutex_);
      waiting = std::exchange(waiting_, nullptr);
    }
    waiting();
  }

  std::vector<AnalyzerRequest> requests() const {
    const MutexLock lock(mutex_);
    return requests_;
  }
  std::vector<absl::Time> deadlines() const {
    const MutexLock lock(mutex_);
    return deadlines_;
  }

 private:
  std::vector<Finding> Find(const AnalyzerRequest& request) const {
    std::vector<Finding> findings;
    for (std::size_t i = 0; i < request.texts.size(); ++i) {
      for (const std::string& name : names_) {
        for (std::size_t at = request.texts[i].find(name); at != std::string::npos;
             at = request.texts[i].find(name, at + 1)) {
          findings.push_back({i, at, at + name.size(), "person", 0.9});
        }
      }
    }
    return findings;
  }

  const std::vector<std::string> names_;
  mutable Mutex mutex_;
  std::vector<AnalyzerRequest> requests_ CS_GUARDED_BY(mutex_);
  std::vector<absl::Time> deadlines_ CS_GUARDED_BY(mutex_);
  absl::Status failure_ CS_GUARDED_BY(mutex_);
  std::optional<Finding> rubbish_ CS_GUARDED_BY(mutex_);
  bool deferred_ CS_GUARDED_BY(mutex_) = false;
  absl::AnyInvocable<void()> waiting_ CS_GUARDED_BY(mutex_);
};

}  // namespace countersign::masking::analysis
