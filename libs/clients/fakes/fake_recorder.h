#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "libs/base/status.h"
#include "libs/clients/fakes/answers.h"
#include "libs/domain/recorder.h"

namespace countersign::clients {

// Keeps sessions in memory. An event counts as recorded when its append was answered with OK;
// `open`, `append` and `end` script failures and delays. Thread-safe.
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
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& session : sessions_) {
      const std::lock_guard<std::mutex> session_lock(session->mutex);
      copies.push_back(session->recorded);
    }
    return copies;
  }

  // As an auditor's kill reaches a writer between two appends.
  void Kill(const std::string& session_id) {
    domain::DoneStatus on_stop;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      for (const auto& session : sessions_) {
        const std::lock_guard<std::mutex> session_lock(session->mutex);
        if (session->recorded.start.session_id != session_id) continue;
        session->killed = true;
        on_stop = std::move(session->on_stop);
      }
    }
    if (on_stop) on_stop(Killed());
  }

  void Open(const domain::Call&, domain::SessionStart start, absl::Time,
            domain::Done<std::unique_ptr<domain::SessionWriter>> done) override {
    open.Give([this, start = std::move(start),
               done = std::move(done)](absl::StatusOr<bool> opened) mutable {
      if (!opened.ok()) return done(opened.status());
      auto session = std::make_shared<Session>();
      session->recorded.start = std::move(start);
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        sessions_.push_back(session);
      }
      done(std::make_unique<Writer>(*this, std::move(session)));
    });
  }

 private:
  struct Session {
    std::mutex mutex;
    Recorded recorded;
    bool killed = false;
    domain::DoneStatus on_stop;
  };
  static absl::Status Killed() {
    return WithReason(absl::AbortedError("an auditor stopped this session"), "killed");
  }

  class Writer final : public domain::SessionWriter {
   public:
    Writer(FakeRecorder& recorder, std::shared_ptr<Session> session)
        : recorder_(recorder), session_(std::move(session)) {}
    ~Writer() override {
      const std::lock_guard<std::mutex> lock(session_->mutex);
      session_->on_stop = nullptr;
      session_->recorded.abandoned = !session_->recorded.end.has_value();
    }

    void Append(std::vector<domain::SessionEvent> events, absl::Time,
                domain::DoneStatus done) override {
      recorder_.append.Give([session = session_, events = std::move(events),
                             done = std::move(done)](const absl::StatusOr<bool>& ok) mutable {
        if (!ok.ok()) return done(ok.status());
        bool killed = false;
        {
          const std::lock_guard<std::mutex> lock(session->mutex);
          killed = session->killed;
          for (auto& event : events) session->recorded.events.push_back(std::move(event));
        }
        done(killed ? Killed() : absl::OkStatus());
      });
    }
    void End(domain::SessionEnd end, absl::Time, domain::DoneStatus done) override {
      recorder_.end.Give([session = session_, end = std::move(end),
                          done = std::move(done)](const absl::StatusOr<bool>& ok) mutable {
        if (!ok.ok()) return done(ok.status());
        {
          const std::lock_guard<std::mutex> lock(session->mutex);
          session->recorded.end = std::move(end);
        }
        done(absl::OkStatus());
      });
    }
    void OnStop(domain::DoneStatus on_stop) override {
      {
        const std::lock_guard<std::mutex> lock(session_->mutex);
        if (!session_->killed) {
          session_->on_stop = std::move(on_stop);
          return;
        }
      }
      on_stop(Killed());
    }

   private:
    FakeRecorder& recorder_;
    const std::shared_ptr<Session> session_;
  };

  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Session>> sessions_;
};

}  // namespace countersign::clients
