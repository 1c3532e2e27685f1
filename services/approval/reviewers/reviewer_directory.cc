#include "services/approval/reviewers/reviewer_directory.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/approval/approval_errors.h"

namespace countersign::approval::reviewers {
namespace {

using Names = std::vector<std::string>;

bool Contains(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool Intersects(const Names& a, const Names& b) {
  return std::any_of(a.begin(), a.end(),
                     [&](const std::string& name) { return Contains(b, name); });
}

bool IsNamed(const std::string& identity, const Names& groups, const Names& asked) {
  return (!identity.empty() && Contains(asked, identity)) || Intersects(groups, asked);
}

bool IsBoundReviewer(const domain::ResourceSet& set, const std::string& identity,
                     const Names& groups, const std::string& connection) {
  return std::any_of(set.role_bindings.begin(), set.role_bindings.end(), [&](const auto& entry) {
    const domain::RoleBinding& binding = entry.second;
    if (binding.role != domain::Role::kReviewer) return false;
    if (!binding.connections.empty() && !Contains(binding.connections, connection)) {
      return false;
    }
    return (!identity.empty() && Contains(binding.identities, identity)) ||
           Intersects(groups, binding.groups);
  });
}

// True if credentials of `issuer` can prove that a person holds them.
bool KnowsPersons(const domain::ResourceSet& set, const std::string& issuer) {
  return std::any_of(set.identity_providers.begin(), set.identity_providers.end(),
                     [&](const auto& entry) {
                       const auto& [name, oidc, saml] = entry.second;
                       if (saml) return saml->signs_in_people && saml->issuer == issuer;
                       return oidc && oidc->issuer == issuer && domain::KnowsPersons(oidc->profile);
                     });
}

}  // namespace

absl::Status ReviewerDirectory::Validate(const std::shared_ptr<const domain::ResourceSet>& draft) {
  for (const auto& [name, policy] : draft->policies) {
    if (policy.verdict != domain::Verdict::kReview) continue;
    if (policy.review.approvals < 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("Policy ", name, ": spec.then.review.approvals: must be 1 or more"));
    }
    if (policy.review.reviewers.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("Policy ", name, ": spec.then.review.reviewers: must name somebody"));
    }
  }
  return absl::OkStatus();
}

absl::Status ReviewerDirectory::Serve(std::shared_ptr<const domain::ResourceSet> set) {
  const MutexLock lock(mutex_);
  current_ = std::move(set);
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const domain::ResourceSet>> ReviewerDirectory::Current() const {
  const MutexLock lock(mutex_);
  if (current_ == nullptr) return errors::NoDirectory();
  return current_;
}

absl::StatusOr<Names> ReviewerDirectory::ClaimedGroups(const domain::Principal& principal) const {
  const auto current = Current();
  if (!current.ok()) return current.status();
  const auto identity = (*current)->identities.find(principal.identity);
  if (identity == (*current)->identities.end()) return principal.groups;
  Names claimed;
  for (const std::string& group : principal.groups) {
    if (!Contains(identity->second.groups, group)) claimed.push_back(group);
  }
  return claimed;
}

absl::StatusOr<bool> ReviewerDirectory::StillReviewer(const reviews::Vote& vote,
                                                      const std::string& connection,
                                                      const domain::ReviewTerms& terms) const {
  const auto current = Current();
  if (!current.ok()) return current.status();
  const std::string& identity = vote.voter.identity;
  Names groups = vote.claimed_groups;
  if (identity.empty()) {
    if (!KnowsPersons(**current, vote.voter.issuer)) return false;
  } else {
    const auto resource = (*current)->identities.find(identity);
    if (resource == (*current)->identities.end()) return false;
    if (resource->second.kind != domain::IdentityKind::kHuman) return false;
    groups.insert(groups.end(), resource->second.groups.begin(), resource->second.groups.end());
  }
  return IsNamed(identity, groups, terms.reviewers) &&
         IsBoundReviewer(**current, identity, groups, connection);
}

absl::Status CheckReviewer(const domain::Principal& principal, const std::string& connection,
                           const domain::ReviewTerms& terms, const std::string& review_id) {
  if (!HasRole(principal, domain::Role::kReviewer, connection)) return errors::NotFound(review_id);
  if (!IsNamed(principal.identity, principal.groups, terms.reviewers)) {
    return errors::NotAReviewer(review_id, terms);
  }
  return absl::OkStatus();
}

absl::Status CheckReader(const domain::Principal& principal, const std::string& connection,
                         const domain::ReviewTerms& terms, const std::string& review_id) {
  if (HasRole(principal, domain::Role::kAuditor, connection)) return absl::OkStatus();
  return CheckReviewer(principal, connection, terms, review_id);
}

}  // namespace countersign::approval::reviewers
