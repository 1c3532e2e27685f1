#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/base/health_check.h"
#include "libs/base/mutex.h"
#include "services/policy/resources/resource_store.h"

namespace countersign::policy::resources {

// Sends to one part over its open stream. Methods return at once and may be called on any thread;
// messages arrive in order, or the stream ends.
class RemotePart {
 public:
  virtual ~RemotePart() = default;
  virtual const std::string& name() const = 0;
  virtual const std::string& release() const = 0;  // of its program; may be empty
  virtual void SendDraft(std::uint64_t draft_id,
                         std::shared_ptr<const domain::ResourceList> draft) = 0;
  virtual void SendCommitted(std::shared_ptr<const domain::ResourceList> list) = 0;
  // Whether the part looks at itself when it is asked to.
  virtual bool can_be_examined() const { return false; }
  virtual void SendExamination(std::uint64_t /*examination_id*/) {}
  virtual void Close() = 0;  // ends the stream; Disconnect follows
};

// The parts in other processes that use resources. A part is live while its stream is open; several
// processes may have the same name. Thread-safe; the first four methods block on this object's lock
// only.
class RemoteParts {
 public:
  // Called by the part's stream. Connect sends the served version, if there is one.
  void Connect(std::shared_ptr<RemotePart> part);
  void Disconnect(const RemotePart& part);
  void OnValidated(const RemotePart& part, std::uint64_t draft_id,
                   std::vector<std::string> mistakes);
  void OnServing(const RemotePart& part, std::uint64_t version);
  // `now` is the part's clock.
  void OnExamined(const RemotePart& part, std::uint64_t examination_id,
                  std::vector<HealthCheck> checks, absl::Time now);

  // Sends `draft` to every live part and waits until each has answered or disconnected.
  // INVALID_ARGUMENT with all mistakes; UNAVAILABLE names the parts that did not answer in time.
  // One call at a time.
  absl::Status Validate(std::shared_ptr<const domain::ResourceList> draft, absl::Duration timeout);

  // Sends `list` to every live part, and to those that connect later.
  void Serve(std::shared_ptr<const domain::ResourceList> list);

  // All live parts, with the version that each serves.
  struct ServingPart {
    std::string name;
    std::uint64_t version = 0;  // 0: none yet
    std::string release;
  };
  std::vector<ServingPart> Serving();

  // What one part saw, or nothing when it did not answer in time, or cannot be asked.
  struct Examined {
    std::string part;
    bool can_be_examined = false;
    std::optional<std::vector<HealthCheck>> checks;
    absl::Time answered_at;  // by the clock that was given
    absl::Time now;          // the part's clock
  };
  // Asks every live part, runs `meanwhile` in this thread, and waits for the answers until
  // `timeout` after the questions. One call at a time.
  std::vector<Examined> Examine(const Clock& clock, absl::Duration timeout,
                                const std::function<void()>& meanwhile);

  // Ends every stream, including later ones, because this process is shutting down.
  void Close();

  // Waits until every live part serves `version` or a later one; returns the names of those that do
  // not.
  std::vector<std::string> WaitServed(std::uint64_t version, absl::Duration timeout);

 private:
  struct Live {
    std::shared_ptr<RemotePart> part;
    std::uint64_t serving = 0;
    bool asked = false;                                // connected when draft_id_ was sent
    std::optional<std::vector<std::string>> mistakes;  // in draft_id_; absent: no answer yet
    std::optional<Examined> examined;                  // in examination_id_
  };

  Live* Find(const RemotePart& part) CS_REQUIRES(mutex_);  // null when it has left
  std::vector<std::string> Unanswered() const CS_REQUIRES(mutex_);
  std::vector<std::string> Lagging(std::uint64_t version) const CS_REQUIRES(mutex_);

  Mutex mutex_;
  CondVar changed_;
  std::vector<Live> live_ CS_GUARDED_BY(mutex_);
  std::shared_ptr<const domain::ResourceList> committed_ CS_GUARDED_BY(mutex_);
  std::uint64_t draft_id_ CS_GUARDED_BY(mutex_) = 0;
  std::uint64_t examination_id_ CS_GUARDED_BY(mutex_) = 0;
  const Clock* clock_ CS_GUARDED_BY(mutex_) = nullptr;  // of the examination
  bool closed_ CS_GUARDED_BY(mutex_) = false;
};

}  // namespace countersign::policy::resources
