#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
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
  };

  Live* Find(const RemotePart& part) CS_REQUIRES(mutex_);  // null when it has left
  std::vector<std::string> Unanswered() const CS_REQUIRES(mutex_);
  std::vector<std::string> Lagging(std::uint64_t version) const CS_REQUIRES(mutex_);

  Mutex mutex_;
  CondVar changed_;
  std::vector<Live> live_ CS_GUARDED_BY(mutex_);
  std::shared_ptr<const domain::ResourceList> committed_ CS_GUARDED_BY(mutex_);
  std::uint64_t draft_id_ CS_GUARDED_BY(mutex_) = 0;
  bool closed_ CS_GUARDED_BY(mutex_) = false;
};

}  // namespace countersign::policy::resources
