#include "services/approval/store/transition_details.h"

#include "libs/base/encoding.h"
#include "libs/json/writer.h"
#include "services/approval/reviews/review_rules.h"

namespace countersign::approval::store {

std::string OpenedDetail(const reviews::NewReview& call) {
  json::Writer writer;
  writer.BeginObject().Key("session").String(call.session_id);
  writer.Key("connection").String(call.connection).Key("bindingHash").String(call.binding_hash);
  writer.Key("policy").String(call.policy);
  writer.Key("policyVersion").Int(static_cast<std::int64_t>(call.policy_version));
  writer.Key("terms").String(HexEncode(reviews::TermsKey(call.terms)));
  writer.Key("approvals").Int(call.terms.approvals).Key("reviewers").BeginArray();
  for (const std::string& name : call.terms.reviewers) writer.String(name);
  writer.EndArray().EndObject();
  return writer.str();
}

std::string VoteDetail(const reviews::Vote& vote) {
  json::Writer writer;
  writer.BeginObject().Key("vote").String(vote.ballot == reviews::Ballot::kApprove ? "APPROVE"
                                                                                   : "DENY");
  writer.Key("issuer").String(vote.voter.issuer).Key("subject").String(vote.voter.subject);
  writer.Key("seenHash").String(vote.seen_hash).Key("reason").String(vote.reason).EndObject();
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
