#pragma once

#include "libs/domain/review_log.h"
#include "services/approval/store/review_store.h"

namespace countersign::approval::store {

// The log of `store`, for the recorder. Blocking; thread-safe.
class LocalReviewLog final : public domain::ReviewLog {
 public:
  // `store` must outlive this object.
  explicit LocalReviewLog(ReviewStore& store) : store_(store) {}

  absl::StatusOr<domain::ReviewLogPage> Read(std::uint64_t after, std::size_t limit) override;
  absl::StatusOr<std::vector<domain::ReviewLines>> Locate(
      const std::vector<std::string>& review_ids) override;

 private:
  ReviewStore& store_;
};

}  // namespace countersign::approval::store
