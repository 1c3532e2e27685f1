#pragma once

#include "libs/domain/recorder.h"
#include "services/session_recorder/session_book.h"

namespace countersign::session_recorder {

// Step 5 of the pipeline in the recorder's own process. Writers hold their lease until they end or
// are destroyed. The book must outlive the recorder and its writers.
class LocalRecorder final : public domain::Recorder {
 public:
  explicit LocalRecorder(SessionBook& book) : book_(book) {}

  void Open(const domain::Call& call, domain::SessionStart start, absl::Time deadline,
            domain::Done<std::unique_ptr<domain::SessionWriter>> done) override;

 private:
  SessionBook& book_;
};

}  // namespace countersign::session_recorder
