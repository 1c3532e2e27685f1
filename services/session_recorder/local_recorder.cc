#include "services/session_recorder/local_recorder.h"

#include <utility>

namespace countersign::session_recorder {
namespace {

domain::Done<std::uint32_t> WithoutIndex(domain::DoneStatus done) {
  return [done = std::move(done)](absl::StatusOr<std::uint32_t> result) mutable {
    done(result.status());
  };
}

class LocalWriter final : public domain::SessionWriter {
 public:
  LocalWriter(SessionBook& book, SessionBook::Handle session)
      : book_(book), session_(std::move(session)) {}
  ~LocalWriter() override { book_.Abandon(session_); }  // does nothing after End

  void Append(std::vector<domain::SessionEvent> events, absl::Time deadline,
              domain::DoneStatus done) override {
    book_.Append(session_, std::move(events), deadline, WithoutIndex(std::move(done)));
  }
  void End(domain::SessionEnd end, absl::Time deadline, domain::DoneStatus done) override {
    book_.End(session_, end, deadline, WithoutIndex(std::move(done)));
  }
  void OnStop(domain::DoneStatus on_stop) override { book_.OnStop(session_, std::move(on_stop)); }

 private:
  SessionBook& book_;
  const SessionBook::Handle session_;
};

}  // namespace

void LocalRecorder::Open(const domain::Call& call, domain::SessionStart start, absl::Time deadline,
                         domain::Done<std::unique_ptr<domain::SessionWriter>> done) {
  book_.Open(
      start, *call.principal, SessionBook::Lease::kHeld, deadline,
      [&book = book_, done = std::move(done)](absl::StatusOr<SessionBook::Handle> session) mutable {
        if (!session.ok()) return done(session.status());
        done(std::make_unique<LocalWriter>(book, *std::move(session)));
      });
}

}  // namespace countersign::session_recorder
