#pragma once

#include <string>
#include <vector>

#include "libs/base/mutex.h"
#include "libs/clients/testing/answers.h"
#include "libs/domain/review_gate.h"

namespace countersign::clients {

// Scripted per method. By default Join opens review "review-1" (pending), Wait returns approved,
// and Consume succeeds. Hold() on `wait` keeps calls waiting. Thread-safe.
class FakeReviewGate final : public domain::ReviewGate {
 public:
  static domain::ReviewStatus Status(domain::ReviewState state, std::string reason = "") {
    domain::ReviewStatus status;
    status.review_id = "review-1";
    status.state = state;
    status.reason = std::move(reason);
    return status;
  }

  Answers<domain::ReviewStatus> join{[] { return Status(domain::ReviewState::kPending); }};
  Answers<domain::ReviewStatus> get_status{[] { return Status(domain::ReviewState::kPending); }};
  Answers<domain::ReviewStatus> wait{[] { return Status(domain::ReviewState::kApproved); }};
  Answers<domain::Grant> consume{[] { return domain::Grant{"review-1", {"rita"}}; }};

  std::vector<domain::ReviewRequest> joined() const {
    const MutexLock lock(mutex_);
    return joined_;
  }
  std::vector<std::string> join_tokens() const {  // the internal tokens of the joins, in order
    const MutexLock lock(mutex_);
    return join_tokens_;
  }
  std::vector<std::string> consumed_hashes() const {
    const MutexLock lock(mutex_);
    return consumed_hashes_;
  }
  std::vector<absl::Time> wait_deadlines() const {
    const MutexLock lock(mutex_);
    return wait_deadlines_;
  }
  std::vector<std::string> left() const {  // session ids
    const MutexLock lock(mutex_);
    return left_;
  }

  void Join(const domain::Call& call, domain::ReviewRequest request, absl::Time,
            domain::Done<domain::ReviewStatus> done) override {
    {
      const MutexLock lock(mutex_);
      joined_.push_back(std::move(request));
      join_tokens_.push_back(call.internal_token ? call.internal_token->Reveal() : "");
    }
    join.Give(std::move(done));
  }
  void GetStatus(const domain::Call&, const std::string&, absl::Time,
                 domain::Done<domain::ReviewStatus> done) override {
    get_status.Give(std::move(done));
  }
  void Wait(const domain::Call&, const std::string&, const std::string&, absl::Time deadline,
            domain::Done<domain::ReviewStatus> done) override {
    {
      const MutexLock lock(mutex_);
      wait_deadlines_.push_back(deadline);
    }
    wait.Give(std::move(done));
  }
  void Consume(const domain::Call&, const std::string&, const std::string&,
               const std::string& binding_hash, absl::Time,
               domain::Done<domain::Grant> done) override {
    {
      const MutexLock lock(mutex_);
      consumed_hashes_.push_back(binding_hash);
    }
    consume.Give(std::move(done));
  }
  void Leave(const domain::Call&, const std::string&, const std::string& session_id) override {
    const MutexLock lock(mutex_);
    left_.push_back(session_id);
  }

 private:
  mutable Mutex mutex_;
  std::vector<domain::ReviewRequest> joined_ CS_GUARDED_BY(mutex_);
  std::vector<std::string> join_tokens_ CS_GUARDED_BY(mutex_);
  std::vector<std::string> consumed_hashes_ CS_GUARDED_BY(mutex_);
  std::vector<absl::Time> wait_deadlines_ CS_GUARDED_BY(mutex_);
  std::vector<std::string> left_ CS_GUARDED_BY(mutex_);
};

}  // namespace countersign::clients
