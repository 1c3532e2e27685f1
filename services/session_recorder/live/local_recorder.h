#pragma once

#include "libs/domain/recorder.h"
#include "services/session_recorder/live/live_sessions.h"

namespace countersign::session_recorder::live {

// The Recorder of this process. Writers hold their lease until they end the session or are
// destroyed. LiveSessions must outlive the recorder and its writers.
class LocalRecorder final : public domain::Recorder {
 public:
  explicit LocalRecorder(LiveSessions& sessions) : sessions_(sessions) {}

  std::unique_ptr<domain::SessionWriter> NewSession(const domain::Call& call,
                                                    domain::SessionStart start) override;

 private:
  LiveSessions& sessions_;
};

}  // namespace countersign::session_recorder::live
