#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "services/edge/edge_services.h"
#include "services/edge/port_answer.h"
#include "services/edge/refusal.h"
#include "services/edge/verified_caller.h"

namespace countersign::edge {

// Step 5: a session whose intent is durable. Only Opening makes one.
//
// Events are queued, and written with the next Append or End in one go. When an auditor kills the
// session, or its lease is lost, the call's stop is requested.
class Session {
 public:
  // The question, asked when it is constructed: it runs beside the decision.
  class Opening {
   public:
    Opening(const EdgeServices& services, const VerifiedCaller& caller, domain::SessionStart start,
            boost::asio::any_io_executor executor);
    // Waits for the answer even when the call is stopped: what was opened must be ended.
    Awaitable<absl::StatusOr<std::unique_ptr<Session>>> Get(http::Stop& stop);

   private:
    const EdgeServices& services_;
    const std::string session_id_;
    boost::asio::any_io_executor executor_;
    PortAnswer<absl::StatusOr<std::unique_ptr<domain::SessionWriter>>> answer_;
  };

  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const std::string& id() const { return id_; }

  void Queue(absl::string_view type, std::string payload);

  // Makes everything queued durable. With kOrdered it returns earlier, and what went wrong is told
  // by the next call; never more than one such append is ahead.
  Awaitable<absl::Status> Append(domain::Recording recording = domain::Recording::kStrict);

  // Makes everything queued, and the end, durable. Nothing may follow.
  Awaitable<absl::Status> End(domain::SessionEnd end);

  // What the end says about the prompt and the answer, gathered on the way.
  void CountMasked(const std::string& entity) { ++masked_[entity]; }

 private:
  Session(const EdgeServices& services, std::string id, boost::asio::any_io_executor executor,
          std::unique_ptr<domain::SessionWriter> writer, http::Stop& stop);
  void Start(PortAnswer<absl::Status>& answer);

  const EdgeServices& services_;
  const std::string id_;
  boost::asio::any_io_executor executor_;
  std::unique_ptr<domain::SessionWriter> writer_;
  std::vector<domain::SessionEvent> queued_;
  std::optional<PortAnswer<absl::Status>> ahead_;
  std::map<std::string, std::uint32_t> masked_;
  std::shared_ptr<http::Stop*> stop_;  // null inside when the session is gone
};

}  // namespace countersign::edge
