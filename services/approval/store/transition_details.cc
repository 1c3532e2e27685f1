#include "services/approval/store/transition_details.h"

#include "libs/base/encoding.h"
#include "libs/json/writer.h"
#include "services/approval/reviews/review_rules.h"

namespace countersign::approval::store {

namespace {

void WritePerson(json::Writer& writer, const reviews::Person& person) {
  writer.Key("issuer").String(person.issuer).Key("subject").String(person.subject);
  writer.Key("identity").String(person.identity).Key("owner").String(person.owner);
}

}  // namespace

std::string OpenedDetail(const reviews::ReviewSubject& review, const std::string& session_id) {
  json::Writer writer;
  writer.BeginObject().Key("session").String(session_id);
  writer.Key("requester").BeginObject();
  WritePerson(writer, review.requester);
  writer.EndObject().Key("connection").String(review.connection);
  writer.Key("connectionVersion").Int(static_cast<std::int64_t>(review.connection_version));
  writer.Key("bindingHash").String(review.binding_hash).Key("policy").String(review.policy);
  writer.Key("policyVersion").Int(static_cast<std::int64_t>(review.policy_version));
  writer.Key("terms").String(HexEncode(reviews::TermsKey(review.terms)));
  writer.Key("approvals").Int(review.terms.approvals);
  writer.Key("grantUses").Int(review.terms.grant_uses);
  writer.Key("grantTtlMs").Int(absl::ToInt64Milliseconds(review.terms.grant_ttl));
  writer.Key("reviewers").BeginArray();
  for (const std::string& name : review.terms.reviewers) writer.String(name);
  writer.EndArray().EndObject();
  return writer.str();
}

std::string VoteDetail(const reviews::Vote& vote) {
  json::Writer writer;
  writer.BeginObject().Key("vote").String(vote.ballot == reviews::Ballot::kApprove ? "APPROVE"
                                                                                   : "DENY");
  WritePerson(writer, vote.voter);
  writer.Key("groups").BeginArray();
  for (const std::string& group : vote.claimed_groups) writer.String(group);
  writer.EndArray().Key("seenHash").String(vote.seen_hash);
  writer.Key("reason").String(vote.reason).EndObject();
  return writer.str();
}

std::string UseDetail(const std::string& session_id) {
  json::Writer writer;
  writer.BeginObject().Key("session").String(session_id).EndObject();
  return writer.str();
}

std::string ReasonDetail(const std::string& reason) {
  json::Writer writer;
  writer.BeginObject().Key("reason").String(reason).EndObject();
  return writer.str();
}

}  // namespace countersign::approval::store
