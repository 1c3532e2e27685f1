#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/mutex.h"
#include "libs/domain/resource_feed.h"
#include "services/approval/reviews/review.h"

namespace countersign::approval::reviewers {

// Who may review now, according to the served resources: identities, groups and role bindings.
// Until the first version is served every answer is UNAVAILABLE. Thread-safe.
class ReviewerDirectory final : public domain::ResourceWatcher {
 public:
  // Refuses a policy whose review needs less than one approval or names no reviewer.
  absl::Status Validate(const std::shared_ptr<const domain::ResourceSet>& draft) override;
  absl::Status Serve(std::shared_ptr<const domain::ResourceSet> set) override;

  // The groups that a verified principal has from its credential's claims and not from its
  // Identity.
  absl::StatusOr<std::vector<std::string>> ClaimedGroups(const domain::Principal& principal) const;

  // Whether a voter could still review calls on `connection` under `terms`: its Identity exists and
  // is a person's (without one: its issuer's profile still proves persons), a role binding still
  // makes it a reviewer there, and the terms name it or one of its groups (those of its Identity,
  // or those its credential claimed when it voted).
  absl::StatusOr<bool> StillReviewer(const reviews::Vote& vote, const std::string& connection,
                                     const domain::ReviewTerms& terms) const;

 private:
  absl::StatusOr<std::shared_ptr<const domain::ResourceSet>> Current() const;

  mutable Mutex mutex_;
  std::shared_ptr<const domain::ResourceSet> current_ CS_GUARDED_BY(mutex_);
};

// OK when a verified principal may judge a review of a call on `connection` under `terms`: it has
// the role reviewer there and is named, itself or by a group. NOT_FOUND when it is not a reviewer
// of that connection, so that ids reveal nothing; PERMISSION_DENIED not_a_reviewer when it is one
// but is not named.
absl::Status CheckReviewer(const domain::Principal& principal, const std::string& connection,
                           const domain::ReviewTerms& terms, const std::string& review_id);

// The same for reading alone: an auditor of the connection may read every review of it.
absl::Status CheckReader(const domain::Principal& principal, const std::string& connection,
                         const domain::ReviewTerms& terms, const std::string& review_id);

}  // namespace countersign::approval::reviewers
