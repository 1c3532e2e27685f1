#include "services/approval/reviewers/reviewer_api.h"

#include <algorithm>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "services/approval/approval_errors.h"
#include "services/approval/reviews/review_rules.h"

namespace countersign::approval::reviewers {

using domain::ReviewState;

namespace {

constexpr std::size_t kDefaultPage = 100;
constexpr std::size_t kMaxPage = 1000;
constexpr std::size_t kMaxReasonBytes = 4096;
constexpr std::size_t kTransitionLines = 200;

store::ReviewQuery QueryFor(const domain::Principal& reader) {
  store::ReviewQuery query;
  query.names = reader.groups;
  if (!reader.identity.empty()) query.names.push_back(reader.identity);
  for (const domain::RoleGrant& grant : reader.roles) {
    const bool audits = grant.role == domain::Role::kAuditor;
    if (!audits && grant.role != domain::Role::kReviewer) continue;
    if (grant.connections.empty()) (audits ? query.audits_all : query.all_connections) = true;
    std::vector<std::string>& connections = audits ? query.audited : query.connections;
    connections.insert(connections.end(), grant.connections.begin(), grant.connections.end());
  }
  return query;
}

// The parameters that all pages must share: the reader, its scope, and the states.
std::string MakeScope(const domain::Principal& reader, const store::ReviewQuery& query) {
  LengthPrefixed scope;
  scope.Add("reviews").Add(reader.issuer).Add(reader.subject);
  scope.Add(std::uint64_t{query.all_states}).Add(domain::ToString(query.state));
  scope.Add(std::uint64_t{query.all_connections}).Add(query.connections.size());
  for (const std::string& connection : query.connections) scope.Add(connection);
  scope.Add(std::uint64_t{query.audits_all}).Add(query.audited.size());
  for (const std::string& connection : query.audited) scope.Add(connection);
  scope.Add(query.names.size());
  for (const std::string& name : query.names) scope.Add(name);
  return scope.bytes();
}

absl::Status CheckIsPerson(const domain::Principal& voter) {
  if (voter.kind == domain::IdentityKind::kHuman) return absl::OkStatus();
  return errors::NotAPerson(voter.DisplayName(), voter.kind);
}

absl::Status CheckIsReviewer(const domain::Principal& principal) {
  if (HasRole(principal, domain::Role::kReviewer, "")) return absl::OkStatus();
  return errors::RoleMissing();
}

absl::Status CheckIsReader(const domain::Principal& principal) {
  if (HasRole(principal, domain::Role::kAuditor, "")) return absl::OkStatus();
  return CheckIsReviewer(principal);
}

absl::Status CheckReason(const std::string& reason) {
  if (reason.size() > kMaxReasonBytes) {
    return InvalidField("reason", absl::StrCat("has more than ", kMaxReasonBytes, " bytes"));
  }
  if (absl::StrContains(reason, '\0')) {
    return InvalidField("reason", "contains a NUL character");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ReviewPage> ReviewerApi::List(const domain::Principal& reader, ReviewState state,
                                             bool all, std::size_t page_size,
                                             const std::string& page_token) {
  CS_RETURN_IF_ERROR(CheckIsReader(reader));
  store::ReviewQuery query = QueryFor(reader);
  query.all_states = all;
  if (state != ReviewState::kUnspecified) {
    query.state = state;
    query.all_states = false;
  }
  const std::size_t size = page_size == 0 ? kDefaultPage : std::min(page_size, kMaxPage);
  const std::string scope = MakeScope(reader, query);
  CS_ASSIGN_OR_RETURN(query.before, tokens_.Read(scope, page_token));
  query.limit = size + 1;
  ReviewPage page;
  CS_ASSIGN_OR_RETURN(page.reviews, store_.List(query));
  if (page.reviews.size() > size) {
    page.reviews.resize(size);
    page.next_page_token = tokens_.Make(scope, page.reviews.back().id);
  }
  return page;
}

absl::StatusOr<TransitionPage> ReviewerApi::Transitions(const domain::Principal& reader,
                                                        std::optional<std::uint64_t> after) {
  CS_RETURN_IF_ERROR(CheckIsReader(reader));
  TransitionPage page;
  if (!after.has_value()) {
    CS_ASSIGN_OR_RETURN(const store::LogHead head, store_.Head());
    page.last_sequence = head.sequence;
    return page;
  }
  CS_ASSIGN_OR_RETURN(const std::vector<store::Transition> lines,
                      store_.Log(*after, kTransitionLines));
  page.last_sequence = lines.empty() ? *after : lines.back().sequence;
  page.more = lines.size() == kTransitionLines;
  std::map<std::string, absl::StatusOr<reviews::Review>> known;
  for (const store::Transition& line : lines) {
    auto found = known.find(line.review_id);
    if (found == known.end()) {
      found = known.emplace(line.review_id, ReviewForReader(reader, line.review_id)).first;
    }
    const absl::StatusOr<reviews::Review>& review = found->second;
    if (absl::IsNotFound(review.status()) || absl::IsPermissionDenied(review.status())) continue;
    CS_RETURN_IF_ERROR(review.status());
    page.transitions.push_back({*review, line});
    page.transitions.back().review.state = line.to;
  }
  return page;
}

absl::StatusOr<reviews::Review> ReviewerApi::ReviewForReader(const domain::Principal& reader,
                                                             const std::string& id) {
  CS_RETURN_IF_ERROR(CheckIsReader(reader));
  CS_ASSIGN_OR_RETURN(reviews::Review review, store_.Get(id));
  CS_RETURN_IF_ERROR(CheckReader(reader, review.connection, review.terms, id));
  return review;
}

absl::Status ReviewerApi::CheckMayJudge(const domain::Principal& reviewer, const std::string& id) {
  CS_RETURN_IF_ERROR(CheckIsReviewer(reviewer));
  CS_ASSIGN_OR_RETURN(const reviews::Review review, store_.Get(id));
  CS_RETURN_IF_ERROR(CheckReviewer(reviewer, review.connection, review.terms, id));
  return CheckIsPerson(reviewer);
}

absl::StatusOr<ReviewWithContent> ReviewerApi::Show(const domain::Principal& reader,
                                                    const std::string& id) {
  ReviewWithContent open;
  CS_ASSIGN_OR_RETURN(open.review, ReviewForReader(reader, id));
  CS_ASSIGN_OR_RETURN(open.content, store_.Content(id));
  return open;
}

absl::StatusOr<ReviewWithContent> ReviewerApi::Vote(const domain::Principal& voter,
                                                    const std::string& id, reviews::Ballot ballot,
                                                    const std::string& seen_hash,
                                                    const std::string& reason) {
  CS_RETURN_IF_ERROR(CheckReason(reason));
  CS_RETURN_IF_ERROR(CheckMayJudge(voter, id));
  reviews::Vote vote;
  vote.voter = reviews::ToPerson(voter);
  vote.ballot = ballot;
  vote.seen_hash = seen_hash;
  vote.reason = reason;
  CS_ASSIGN_OR_RETURN(vote.claimed_groups, directory_.ClaimedGroups(voter));
  ReviewWithContent open;
  CS_ASSIGN_OR_RETURN(open.review, store_.CastVote(id, vote));
  waiters_.Settle(open.review.Status());
  if (open.review.state != ReviewState::kPending) {
    metrics_.Decided(open.review.decided_at - open.review.created_at,
                     open.review.state == ReviewState::kApproved);
  }
  CS_ASSIGN_OR_RETURN(open.content, store_.Content(id));
  return open;
}

absl::StatusOr<ReviewWithContent> ReviewerApi::Revoke(const domain::Principal& reviewer,
                                                      const std::string& id,
                                                      const std::string& reason) {
  CS_RETURN_IF_ERROR(CheckReason(reason));
  CS_RETURN_IF_ERROR(CheckMayJudge(reviewer, id));
  ReviewWithContent open;
  CS_ASSIGN_OR_RETURN(open.review, store_.Revoke(id, reviewer.DisplayName(), reason));
  waiters_.Settle(open.review.Status());
  CS_ASSIGN_OR_RETURN(open.content, store_.Content(id));
  return open;
}

}  // namespace countersign::approval::reviewers
