#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libs/async/pending_reply.h"
#include "services/edge/call/request/verified_caller.h"

namespace countersign::edge::call::admission {

// The session of one call (step 5). The first Append or End opens it: the intent and the queued
// events are one commit; before that nothing is recorded.
//
// Events are queued and written by the next Append or End in one commit. When an auditor kills the
// session, or its lease is lost, the call is cancelled.
class Session {
 public:
  Session(const CallContext& context, const request::VerifiedCaller& caller,
          domain::SessionStart start);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const std::string& id() const { return id_; }

  void Queue(absl::string_view type, std::string payload);

  // Makes all queued events durable, with the intent if it is the first call. With kOrdered it
  // returns earlier, and the next call reports a failure; at most one such append is outstanding.
  async::Awaitable<absl::Status> Append(domain::Recording recording = domain::Recording::kStrict);

  // Makes all queued events and the end durable. The last call.
  async::Awaitable<absl::Status> End(domain::SessionEnd end);

  // Collects what the end event says about prompt and answer.
  void CountMasked(const std::string& entity) { ++masked_[entity]; }

 private:
  void Write(async::PendingReply<absl::Status>& answer);

  const CallServices& services_;
  const std::string id_;
  const async::Executor executor_;
  const std::unique_ptr<domain::SessionWriter> writer_;
  std::vector<domain::SessionEvent> queued_;
  bool unopened_ = true;
  std::optional<async::PendingReply<absl::Status>> ahead_;
  std::map<std::string, std::uint32_t> masked_;
  std::shared_ptr<async::Cancellation*> cancellation_;  // contains null after the session's end
};

}  // namespace countersign::edge::call::admission
