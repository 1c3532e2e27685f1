#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libs/async/pending_reply.h"
#include "services/edge/call/request/verified_caller.h"

namespace countersign::edge::call::admission {

// Step 5: the session of one call. Nothing is on record until the first Append or End, which opens
// it: the intent and what is queued are one commit.
//
// Events are queued, and written with the next Append or End in one commit. When an auditor kills
// the session, or its lease is lost, the call is cancelled.
class Session {
 public:
  Session(const CallContext& context, const request::VerifiedCaller& caller,
          domain::SessionStart start);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const std::string& id() const { return id_; }

  void Queue(absl::string_view type, std::string payload);

  // Makes everything queued durable, and the intent if it is the first. With kOrdered it returns
  // earlier, and what went wrong is told by the next call; never more than one such append is
  // ahead.
  async::Awaitable<absl::Status> Append(domain::Recording recording = domain::Recording::kStrict);

  // Makes everything queued, and the end, durable. Nothing may follow.
  async::Awaitable<absl::Status> End(domain::SessionEnd end);

  // What the end says about the prompt and the answer, gathered on the way.
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
  std::shared_ptr<async::Cancellation*> cancellation_;  // null inside when the session is gone
};

}  // namespace countersign::edge::call::admission
