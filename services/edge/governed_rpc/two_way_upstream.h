#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "libs/async/executor.h"
#include "libs/domain/decision.h"
#include "services/edge/call/upstream.h"

namespace countersign::edge::governed_rpc {

// One stream of an upstream, shared by the calls of a stream in which both sides send: the first
// call opens it and reads its answer, each later one adds its message and has an empty answer.
// Calls send one after the other. Used on one executor.
class TwoWayUpstream final : public call::Upstream {
 public:
  // `on_sent` is called when the first message was sent.
  TwoWayUpstream(call::Upstream& upstream, async::Executor executor, std::function<void()> on_sent)
      : upstream_(upstream), executor_(executor), on_sent_(std::move(on_sent)) {}

  // A later message's target has the binding hash of the one before it, which has that of its own
  // one before: an approval is for a message after exactly these others.
  absl::StatusOr<std::string> MakeTarget(const domain::Connection& connection,
                                         absl::string_view path) const override;

  // FAILED_PRECONDITION, also in `refused`, for a message whose decision masks or records answers
  // in another way than that of the first one, which holds for the whole stream.
  async::Awaitable<absl::StatusOr<std::unique_ptr<call::UpstreamResponse>>> Send(
      const call::admission::AdmittedRequest& admitted, async::Cancellation& cancellation) override;
  void Recycle(std::unique_ptr<call::UpstreamResponse> /*response*/) override {}

  // Ends the request. What is wrong with that is seen in the answer.
  async::Awaitable<void> Finish(async::Cancellation& cancellation);

  bool sent() const { return stream_ != nullptr; }
  // A message could not be sent any more: the answer says why.
  bool lost() const { return lost_; }
  const absl::Status& refused() const { return refused_; }

 private:
  async::Awaitable<absl::StatusOr<std::unique_ptr<call::UpstreamResponse>>> SendFirst(
      const call::admission::AdmittedRequest& admitted, async::Cancellation& cancellation);

  call::Upstream& upstream_;
  const async::Executor executor_;
  const std::function<void()> on_sent_;
  std::unique_ptr<call::UpstreamStream> stream_;
  std::string last_hash_;  // the binding hash of the last message
  std::string masking_profile_;
  domain::Recording recording_ = domain::Recording::kStrict;
  bool lost_ = false;
  absl::Status refused_;
};

}  // namespace countersign::edge::governed_rpc
