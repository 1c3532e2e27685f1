#pragma once

#include <memory>

#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/domain/review_log.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace countersign::clients {

// Approval's log over gRPC. Blocking, at most `timeout` for each read; thread-safe.
class GrpcReviewLog final : public domain::ReviewLog {
 public:
  // `clock` must outlive this object.
  GrpcReviewLog(const std::shared_ptr<grpc::Channel>& approval, const Clock& clock,
                absl::Duration timeout = absl::Seconds(5));
  ~GrpcReviewLog() override;

  absl::StatusOr<domain::ReviewLogPage> Read(std::uint64_t after, std::size_t limit) override;
  absl::StatusOr<std::vector<domain::ReviewLines>> Locate(
      const std::vector<std::string>& review_ids) override;

 private:
  struct State;
  const std::unique_ptr<State> state_;
  const Clock& clock_;
  const absl::Duration timeout_;
};

}  // namespace countersign::clients
