#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libs/base/mutex.h"
#include "libs/base/status.h"
#include "libs/clients/testing/answers.h"
#include "libs/domain/recorder.h"

namespace countersign::clients {

// Keeps sessions in memory from their first commit on. Events answered with OK count as recorded.
// `open` scripts failures and delays of a session's first commit; `append` and `end` those of every
// commit. Thread-safe.
class FakeRecorder final : public domain::Recorder {
 public:
  struct Recorded {
    domain::SessionStart start;
    std::vector<domain::SessionEvent> events;
    std::optional<domain::SessionEnd> end;
    bool abandoned = false;  // the writer was destroyed without End
  };

  Answers<bool> open{[] { return true; }};
  Answers<bool> append{[] { return true; }};
  Answers<bool> end{[] { return true; }};

  std::vector<Recorded> sessions() const {
    std::vector<Recorded> copies;
    const MutexLock lock(mutex_);
    for (const auto& session : sessions_) {
      const MutexLock session_lock(session->mutex);
      copies.push_back(session->recorded);
    }
    return copies;
  }

  // Stops the session as an auditor's kill between two appends does.
  void Kill(const std::string& session_id) {
    domain::DoneStatus on_stop;
    {
      const MutexLock lock(mutex_);
      for (const auto& session : sessions_) {
        const MutexLock session_lock(session->mutex);
        if (session->recorded.start.session_id != session_id) continue;
        session->killed = true;
        on_stop = std::move(session->on_stop);
      }
    }
    if (on_stop) on_stop(Killed());
  }

  std::unique_ptr<domain::SessionWriter> NewSession(const domain::Call&,
                                                    domain::SessionStart start) override {
    auto session = std::make_shared<Session>(std::move(start));
    return std::make_unique<Writer>(*this, std::move(session));
  }

 private:
  struct Session {
    explicit Session(domain::SessionStart start) { recorded.start = std::move(start); }
    Mutex mutex;
    Recorded recorded CS_GUARDED_BY(mutex);
    bool killed CS_GUARDED_BY(mutex) = false;
    std::atomic<bool> open{false};
    domain::DoneStatus on_stop CS_GUARDED_BY(mutex);
  };
  void Add(const std::shared_ptr<Session>& session) {
    const MutexLock lock(mutex_);
    sessions_.push_back(session);
    session->open = true;
  }
  static absl::Status Killed() {
    return WithReason(absl::AbortedError("an auditor stopped this session"), "killed");
  }

  class Writer final : public domain::SessionWriter {
   public:
    Writer(FakeRecorder& recorder, std::shared_ptr<Session> session)
        : recorder_(recorder), session_(std::move(session)) {}
    ~Writer() override {
      const MutexLock lock(session_->mutex);
      session_->on_stop = nullptr;
      session_->recorded.abandoned = !session_->recorded.end.has_value();
    }

    void Append(std::vector<domain::SessionEvent> events, absl::Time,
                domain::DoneStatus done) override {
      Write(std::move(events), std::nullopt, std::move(done));
    }
    void End(std::vector<domain::SessionEvent> events, domain::SessionEnd end, absl::Time,
             domain::DoneStatus done) override {
      Write(std::move(events), std::move(end), std::move(done));
    }
    void OnStop(domain::DoneStatus on_stop) override {
      {
        const MutexLock lock(session_->mutex);
        if (!session_->killed) {
          session_->on_stop = std::move(on_stop);
          return;
        }
      }
      on_stop(Killed());
    }

   private:
    // Makes one commit: the session if it is new, `events`, and `end` if given.
    void Write(std::vector<domain::SessionEvent> events, std::optional<domain::SessionEnd> end,
               domain::DoneStatus done) {
      const bool opens = !std::exchange(opened_, true);
      auto write = [&recorder = recorder_, session = session_, events = std::move(events), end,
                    done = std::move(done), opens](const absl::StatusOr<bool>& ok) mutable {
        if (!ok.ok()) return done(ok.status());
        if (opens) recorder.Add(session);
        if (!session->open) return done(absl::NotFoundError("no such session"));
        bool killed = false;
        {
          const MutexLock lock(session->mutex);
          killed = session->killed && !end;
          for (auto& event : events) session->recorded.events.push_back(std::move(event));
          if (end) session->recorded.end = std::move(end);
        }
        done(killed ? Killed() : absl::OkStatus());
      };
      Answers<bool>& then = end ? recorder_.end : recorder_.append;
      if (!opens) return then.Give(std::move(write));
      recorder_.open.Give([&then, write = std::move(write)](absl::StatusOr<bool> ok) mutable {
        if (!ok.ok()) return write(ok);
        then.Give(std::move(write));
      });
    }

    FakeRecorder& recorder_;
    const std::shared_ptr<Session> session_;
    bool opened_ = false;
  };

  mutable Mutex mutex_;
  std::vector<std::shared_ptr<Session>> sessions_ CS_GUARDED_BY(mutex_);
};

}  // namespace countersign::clients
