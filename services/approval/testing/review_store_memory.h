#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "libs/base/clock.h"
#include "libs/base/mutex.h"
#include "libs/base/random.h"
#include "services/approval/store/proof.h"
#include "services/approval/store/review_store.h"

namespace countersign::approval::testing {

// A ReviewStore for tests: `clock` is the database's.
class MemoryReviewStore final : public store::ReviewStore {
 public:
  // Both must outlive this object.
  MemoryReviewStore(const Clock& clock, RandomSource& random) : clock_(clock), random_(random) {}

  absl::StatusOr<store::Joined> Join(const reviews::NewReview& call) override;
  absl::StatusOr<reviews::Review> Get(const std::string& id) override;
  absl::StatusOr<reviews::ReviewContent> Content(const std::string& id) override;
  absl::StatusOr<std::vector<reviews::Review>> List(const store::ReviewQuery& query) override;
  absl::StatusOr<std::vector<domain::ReviewStatus>> Statuses(
      const std::vector<std::string>& ids) override;
  absl::StatusOr<reviews::Review> CastVote(const std::string& id,
                                           const reviews::Vote& vote) override;
  absl::StatusOr<store::Use> Consume(const std::string& id, const std::string& session_id,
                                     const reviews::Person& requester,
                                     const std::string& binding_hash) override;
  absl::StatusOr<reviews::Review> Revoke(const std::string& id, const std::string& actor,
                                         const std::string& reason) override;
  absl::Status Void(const std::string& id, const std::string& reason) override;
  absl::StatusOr<std::size_t> ExpireDue(std::size_t limit) override;
  absl::StatusOr<store::ReviewCounts> Counts() override;
  absl::StatusOr<store::LogHead> Head() override;
  absl::StatusOr<std::vector<store::Transition>> Log(std::uint64_t after,
                                                     std::size_t limit) override;
  absl::StatusOr<std::string> LogHash(std::uint64_t sequence) override;
  absl::StatusOr<std::vector<domain::ReviewLines>> Locate(
      const std::vector<std::string>& ids) override;

  // Changes that anyone with the database's password could make.
  struct Row {
    reviews::Review review;
    std::string call_key;
    std::shared_ptr<const reviews::ReviewContent> content;
    std::map<std::string, absl::Time> uses;  // by session
  };
  Row& row(const std::string& id) {
    const MutexLock lock(mutex_);
    return rows_.at(id);
  }
  std::vector<store::Transition>& log() {
    const MutexLock lock(mutex_);
    return log_;
  }

 private:
  store::LogExtract Extract(const std::string& id) const CS_REQUIRES(mutex_);
  Row* Find(const std::string& id) CS_REQUIRES(mutex_);
  reviews::Review View(const Row& row) const;
  void Move(Row& row, domain::ReviewState to, const std::string& actor, const std::string& detail)
      CS_REQUIRES(mutex_);
  bool ExpireIfDue(Row& row) CS_REQUIRES(mutex_);

  const Clock& clock_;
  RandomSource& random_;
  Mutex mutex_;
  std::map<std::string, Row> rows_ CS_GUARDED_BY(mutex_);
  const SecretString mac_key_{"the key of the log"};
  store::LogHead head_ CS_GUARDED_BY(mutex_) = store::EmptyLogHead();
  std::vector<store::Transition> log_ CS_GUARDED_BY(mutex_);
};

}  // namespace countersign::approval::testing
