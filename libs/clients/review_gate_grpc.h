#pragma once

#include <memory>
#include <string>

#include "libs/domain/review_gate.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace countersign::clients {

// ReviewGate over gRPC. Destruction cancels outstanding calls and waits for them.
class GrpcReviewGate final : public domain::ReviewGate {
 public:
  explicit GrpcReviewGate(const std::shared_ptr<grpc::Channel>& approval);
  ~GrpcReviewGate() override;

  void Join(const domain::Call& call, domain::ReviewRequest request, absl::Time deadline,
            domain::Done<domain::ReviewStatus> done) override;
  void GetStatus(const domain::Call& call, const std::string& review_id, absl::Time deadline,
                 domain::Done<domain::ReviewStatus> done) override;
  void Wait(const domain::Call& call, const std::string& review_id, const std::string& session_id,
            absl::Time deadline, domain::Done<domain::ReviewStatus> done) override;
  void Consume(const domain::Call& call, const std::string& review_id,
               const std::string& session_id, const std::string& binding_hash, absl::Time deadline,
               domain::Done<domain::Grant> done) override;
  void Leave(const domain::Call& call, const std::string& review_id,
             const std::string& session_id) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace countersign::clients
