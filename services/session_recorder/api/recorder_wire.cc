#include "services/session_recorder/api/recorder_wire.h"

#include <algorithm>

#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/wire/prompt_wire.h"

namespace countersign::session_recorder::api {
namespace {

namespace v1 = recorder::v1;
namespace event_type = domain::event_type;

// SessionEvent refers to its type by string_view and outlives the message, so known types become
// constants. LiveSessions refuses unknown ones.
absl::string_view KnownType(absl::string_view type) {
  for (const absl::string_view known : event_type::kWriters) {
    if (type == known) return known;
  }
  return "unknown";
}

std::uint32_t Offset(absl::Time start, absl::Time at) {
  const std::int64_t millis = absl::ToInt64Milliseconds(at - start);
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(millis, 0, UINT32_MAX));
}

}  // namespace

domain::SessionStart FromProto(const v1::SessionStart& proto) {
  domain::SessionStart start;
  start.session_id = proto.session_id();
  start.request_id = proto.request_id();
  start.connection = proto.connection();
  start.prompt = std::make_shared<const domain::Prompt>(wire::FromProto(proto.prompt()));
  start.method = proto.method();
  start.path = proto.path();
  start.body = proto.body();
  start.client_address = proto.client_address();
  start.user_agent = proto.user_agent();
  return start;
}

std::vector<domain::SessionEvent> EventsFromProto(const v1::RecordRequest& proto) {
  std::vector<domain::SessionEvent> events;
  for (const v1::Event& event : proto.events()) {
    events.push_back({KnownType(event.type()), event.payload()});
  }
  return events;
}

absl::StatusOr<domain::SessionEnd> FromProto(const v1::SessionEnd& proto) {
  domain::SessionEnd end;
  end.outcome = domain::OutcomeFromString(proto.outcome());
  if (end.outcome == domain::Outcome::kRunning) {
    return InvalidField("end.outcome", "is not an outcome");
  }
  end.code = proto.code();
  end.input_tokens = proto.input_tokens();
  end.output_tokens = proto.output_tokens();
  for (const auto& [entity, count] : proto.masked()) end.masked[entity] = count;
  return end;
}

absl::StatusOr<audit::SessionReader::Query> FromProto(const v1::ListSessionsRequest& proto) {
  audit::SessionReader::Query query;
  query.filter.identity = proto.identity();
  query.filter.connection = proto.connection();
  query.filter.model = proto.model();
  query.filter.policy = proto.policy();
  query.filter.review_id = proto.review_id();
  query.filter.approver = proto.approver();
  if (proto.outcome() == "running") {
    query.filter.outcome = domain::Outcome::kRunning;
  } else if (!proto.outcome().empty()) {
    query.filter.outcome = domain::OutcomeFromString(proto.outcome());
    if (query.filter.outcome == domain::Outcome::kRunning) {
      return WithReason(
          InvalidField("outcome",
                       "expected completed, blocked, review_denied, review_expired, "
                       "review_pending, cancelled, upstream_error, aborted, killed, truncated or "
                       "running"),
          "outcome_invalid");
    }
  }
  if (proto.has_since()) {
    CS_ASSIGN_OR_RETURN(query.filter.since, wire::FromProto(proto.since()));
  }
  if (proto.has_until()) {
    CS_ASSIGN_OR_RETURN(query.filter.until, wire::FromProto(proto.until()));
  }
  query.filter.operation = proto.operation();
  query.filter.except_operations = {proto.except_operations().begin(),
                                    proto.except_operations().end()};
  query.filter.entity = proto.entity();
  query.filter.min_duration = absl::Milliseconds(proto.min_duration_ms());
  query.filter.min_tokens = proto.min_tokens();
  query.text = proto.text();
  query.page_size = proto.page_size();
  query.page_token = proto.page_token();
  return query;
}

v1::Session ToProto(const SessionRow& row) {
  const SessionSummary& summary = row.summary;
  v1::Session proto;
  proto.set_id(row.id);
  proto.set_identity(summary.identity);
  proto.set_connection(summary.connection);
  proto.set_model(summary.model);
  if (!summary.running()) {
    proto.set_outcome(std::string(domain::ToString(summary.end.outcome)));
  }
  *proto.mutable_started_at() = wire::ToProto(row.started_at);
  if (!summary.running()) *proto.mutable_ended_at() = wire::ToProto(row.ended_at);
  proto.set_code(summary.end.code);
  proto.set_policy(summary.policy);
  proto.set_review_id(summary.review_id);
  for (const std::string& approver : summary.approvers) proto.add_approvers(approver);
  proto.set_input_tokens(summary.end.input_tokens);
  proto.set_output_tokens(summary.end.output_tokens);
  for (const auto& [entity, count] : summary.end.masked) (*proto.mutable_masked())[entity] = count;
  proto.set_event_count(row.head.index);
  proto.set_issuer(summary.issuer);
  proto.set_subject(summary.subject);
  proto.set_request_id(summary.request_id);
  proto.set_head(HexEncode(row.head.hash));
  proto.set_stream(summary.stream);
  proto.set_operation(summary.operation);
  return proto;
}

v1::ListSessionsResponse ToProto(const audit::SessionReader::Page& page) {
  v1::ListSessionsResponse proto;
  for (const SessionRow& row : page.rows) *proto.add_items() = ToProto(row);
  proto.set_next_page_token(page.next_page_token);
  if (page.searched > 0) {
    proto.set_searched(static_cast<std::uint32_t>(page.searched));
    *proto.mutable_searched_back_to() = wire::ToProto(page.searched_back_to);
  }
  return proto;
}

v1::GetSessionResponse ToProto(const audit::SessionReader::Detail& detail) {
  v1::GetSessionResponse proto;
  *proto.mutable_session() = ToProto(detail.row);
  for (const audit::SessionReader::OpenedEvent& event : detail.events) {
    v1::SessionEvent* out = proto.add_events();
    out->set_index(event.index);
    out->set_type(event.type);
    out->set_offset_ms(Offset(detail.row.started_at, event.at));
    *out->mutable_at() = wire::ToProto(event.at);
    out->set_payload(event.payload);
    out->set_hash(HexEncode(event.hash));
  }
  proto.set_more(detail.more);
  return proto;
}

}  // namespace countersign::session_recorder::api
