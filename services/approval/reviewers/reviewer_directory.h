#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/domain/resource_feed.h"
#include "services/approval/reviews/review.h"

namespace countersign::approval::reviewers {

// Who may review now, by the resources in force: identities, their groups and role bindings. Before
// the first version is served nobody may: every answer is UNAVAILABLE. Thread-safe.
class ReviewerDirectory final : public domain::ResourceWatcher {
 public:
  // Refuses a policy whose review asks for less than one approval or names nobody.
  absl::Status Validate(const std::shared_ptr<const domain::ResourceSet>& draft) override;
  absl::Status Serve(std::shared_ptr<const domain::ResourceSet> set) override;

  // Groups of a verified principal that its Identity resource does not give it: its credential
  // claimed them.
  absl::StatusOr<std::vector<std::string>> ClaimedGroups(const domain::Principal& principal) const;

  // Whether somebody who voted could still review calls on `connection` under `terms`: its Identity
  // exists, a role binding still makes it a reviewer there, and the terms name it or a group it has
  // by its resource or by the claims of that time.
  absl::StatusOr<bool> StillReviewer(const reviews::Vote& vote, const std::string& connection,
                                     const domain::ReviewTerms& terms) const;

 private:
  absl::StatusOr<std::shared_ptr<const domain::ResourceSet>> Current() const;

  mutable std::mutex mutex_;
  std::shared_ptr<const domain::ResourceSet> current_;
};

// OK when a verified principal may read and, as far as that goes, judge a review of a call on
// `connection` under `terms`: role reviewer there, and named itself or by a group. NOT_FOUND when
// it is no reviewer of that connection, so that ids tell nothing; PERMISSION_DENIED not_a_reviewer
// when it is one but was not asked.
absl::Status CheckReviewer(const domain::Principal& principal, const std::string& connection,
                           const domain::ReviewTerms& terms, const std::string& review_id);

}  // namespace countersign::approval::reviewers
