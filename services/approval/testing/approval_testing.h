#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "services/approval/reviews/review.h"

// People and calls for the tests of this service.
namespace countersign::approval::testing {

inline reviews::Person Somebody(const std::string& name, const std::string& owner = "") {
  return reviews::Person{"https://issuer.example", "sub-" + name, name, owner};
}

inline domain::Principal Signed(const std::string& name, std::vector<std::string> groups,
                                std::vector<domain::RoleGrant> roles,
                                domain::IdentityKind kind = domain::IdentityKind::kHuman) {
  domain::Principal principal;
  principal.issuer = "https://issuer.example";
  principal.subject = "sub-" + name;
  principal.identity = name;
  principal.kind = kind;
  principal.groups = std::move(groups);
  principal.roles = std::move(roles);
  return principal;
}

inline domain::Principal Reviewer(const std::string& name) {
  return Signed(name, {"security"}, {{domain::Role::kReviewer, {}}});
}

inline std::string BindingHash(char digit) { return std::string(64, digit); }

inline reviews::NewReview ACall(const std::string& session = "session-1", char hash = 'a',
                                int approvals = 1) {
  reviews::NewReview call;
  call.session_id = session;
  call.requester = Somebody("ada");
  call.connection = "openai";
  call.connection_version = 7;
  call.binding_hash = BindingHash(hash);
  call.policy = "regulated";
  call.policy_version = 12;
  call.terms.reviewers = {"security"};
  call.terms.approvals = approvals;
  call.terms.pending_ttl = absl::Minutes(15);
  call.terms.grant_ttl = absl::Minutes(5);
  call.prompt_tokens = 42;
  call.model = "gpt-4o";
  auto content = std::make_shared<reviews::ReviewContent>();
  content->prompt.operation = "chat.completions";
  content->prompt.model = "gpt-4o";
  content->prompt.stream = true;
  content->prompt.parts = {{"user", "/messages/0/content", "a \"quoted\" prompt\nwith ünïcode"}};
  content->prompt.parameters = {{"max_tokens", 100}, {"temperature", 0.7}};
  content->prompt.tools = {"search"};
  content->findings = {{"regulated", "keywords", "hipaa", 0, 2, 8}};
  content->head = {"POST", "/v1/chat/completions?q=1", {{"accept", "*/*"}, {"user-agent", "t/1"}}};
  content->upstream_body = std::string("{\"bytes\":\0\xff}", 13);
  call.content = std::move(content);
  return call;
}

inline reviews::Vote Approval(const std::string& name, char hash = 'a') {
  reviews::Vote vote;
  vote.voter = Somebody(name);
  vote.ballot = reviews::Ballot::kApprove;
  vote.seen_hash = BindingHash(hash);
  vote.reason = "looked at it";
  return vote;
}

inline reviews::Vote Denial(const std::string& name, const std::string& reason = "no") {
  reviews::Vote vote;
  vote.voter = Somebody(name);
  vote.ballot = reviews::Ballot::kDeny;
  vote.reason = reason;
  return vote;
}

}  // namespace countersign::approval::testing
