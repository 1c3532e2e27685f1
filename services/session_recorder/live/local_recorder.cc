#include "services/session_recorder/live/local_recorder.h"

#include <utility>

namespace countersign::session_recorder::live {
namespace {

domain::Done<std::uint32_t> WithoutIndex(domain::DoneStatus done) {
  return [done = std::move(done)](absl::StatusOr<std::uint32_t> result) mutable {
    done(result.status());
  };
}

class LocalWriter final : public domain::SessionWriter {
 public:
  LocalWriter(LiveSessions& sessions, LiveSessions::Handle session)
      : sessions_(sessions), session_(std::move(session)) {}
  ~LocalWriter() override { sessions_.Abandon(session_); }  // does nothing after End

  void Append(std::vector<domain::SessionEvent> events, absl::Time deadline,
              domain::DoneStatus done) override {
    sessions_.Append(session_, std::move(events), deadline, WithoutIndex(std::move(done)));
  }
  void End(std::vector<domain::SessionEvent> events, domain::SessionEnd end, absl::Time deadline,
           domain::DoneStatus done) override {
    sessions_.End(session_, std::move(events), end, deadline, WithoutIndex(std::move(done)));
  }
  void OnStop(domain::DoneStatus on_stop) override {
    sessions_.OnStop(session_, std::move(on_stop));
  }

 private:
  LiveSessions& sessions_;
  const LiveSessions::Handle session_;
};

}  // namespace

std::unique_ptr<domain::SessionWriter> LocalRecorder::NewSession(const domain::Call& call,
                                                                 domain::SessionStart start) {
  return std::make_unique<LocalWriter>(
      sessions_, sessions_.NewSession(start, *call.principal, LiveSessions::Lease::kHeld));
}

}  // namespace countersign::session_recorder::live
