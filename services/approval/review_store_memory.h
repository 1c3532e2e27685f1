#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "libs/base/clock.h"
#include "libs/base/random.h"
#include "services/approval/review_store.h"

namespace countersign::approval {

// A ReviewStore for tests: `clock` is the database's.
class MemoryReviewStore final : public ReviewStore {
 public:
  // Both must outlive this object.
  MemoryReviewStore(const Clock& clock, RandomSource& random) : clock_(clock), random_(random) {}

  absl::StatusOr<Joined> Join(const NewReview& call) override;
  absl::StatusOr<Review> Get(const std::string& id) override;
  absl::StatusOr<ReviewContent> Content(const std::string& id) override;
  absl::StatusOr<std::vector<Review>> List(const ReviewQuery& query) override;
  absl::StatusOr<std::vector<domain::ReviewStatus>> Statuses(
      const std::vector<std::string>& ids) override;
  absl::StatusOr<Review> CastVote(const std::string& id, const Vote& vote) override;
  absl::StatusOr<Use> Consume(const std::string& id, const std::string& session_id,
                              const Person& requester, const std::string& binding_hash) override;
  absl::StatusOr<Review> Revoke(const std::string& id, const std::string& actor,
                                const std::string& reason) override;
  absl::StatusOr<std::size_t> ExpireDue(std::size_t limit) override;
  absl::StatusOr<ReviewCounts> Counts() override;
  absl::StatusOr<LogHead> Head() override;
  absl::StatusOr<std::vector<Transition>> Log(std::uint64_t after, std::size_t limit) override;

 private:
  struct Row {
    Review review;
    std::string call_key;
    std::shared_ptr<const ReviewContent> content;
    std::map<std::string, absl::Time> uses;  // by session
  };

  Row* Find(const std::string& id);
  Review View(const Row& row) const;
  void Move(Row& row, domain::ReviewState to, const std::string& actor, const std::string& detail);
  bool ExpireIfDue(Row& row);

  const Clock& clock_;
  RandomSource& random_;
  std::mutex mutex_;
  std::map<std::string, Row> rows_;
  LogHead head_ = EmptyLogHead();
  std::vector<Transition> log_;
};

}  // namespace countersign::approval
