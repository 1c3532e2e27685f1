#include "services/session_recorder/api/recorder_wire.h"

#include <catch2/catch.hpp>
#include <string>

#include "libs/base/status.h"

namespace countersign::session_recorder::api {
namespace {

namespace v1 = recorder::v1;

TEST_CASE("EventsFromProto: known types in their order, any other is `unknown`",
          "[session_recorder]") {
  v1::RecordRequest request;
  // The types that only the recorder writes are unknown here, too.
  for (const char* type : {"decision", "review.waiting", "review.consumed", "forward",
                           "response.head", "response.data", "request", "end", "", "Decision"}) {
    v1::Event* event = request.add_events();
    event->set_type(type);
    event->set_payload(std::string("{\"of\":\"") + type + "\"}");
  }
  const auto events = EventsFromProto(request);
  REQUIRE(events.size() == 10);
  for (int i = 0; i < 10; ++i) {
    INFO(request.events(i).type());
    CHECK(events[i].type == (i < 6 ? absl::string_view(request.events(i).type()) : "unknown"));
    CHECK(events[i].payload == request.events(i).payload());
  }
  request.Clear();
  CHECK(events[0].type == "decision");  // the types outlive the message
}

TEST_CASE("FromProto: an end needs an outcome, and a session cannot end as running",
          "[session_recorder]") {
  v1::SessionEnd end;
  for (const char* bad : {"", "running", "Completed", "done"}) {
    INFO(bad);
    end.set_outcome(bad);
    CHECK(absl::IsInvalidArgument(FromProto(end).status()));
  }
  end.set_outcome("completed");
  end.set_code("policy_denied");
  end.set_input_tokens(3);
  end.set_output_tokens(4);
  (*end.mutable_masked())["us_ssn"] = 2;
  const auto read = FromProto(end);
  REQUIRE(read.ok());
  CHECK(read->outcome == domain::Outcome::kCompleted);
  CHECK(read->code == "policy_denied");
  CHECK(read->input_tokens == 3);
  CHECK(read->output_tokens == 4);
  CHECK(read->masked == std::map<std::string, std::uint32_t>{{"us_ssn", 2}});
}

TEST_CASE("FromProto: a query's outcome is known, running or absent", "[session_recorder]") {
  v1::ListSessionsRequest request;
  CHECK_FALSE(FromProto(request)->filter.outcome.has_value());
  request.set_outcome("running");
  CHECK(FromProto(request)->filter.outcome == domain::Outcome::kRunning);
  request.set_outcome("review_denied");
  CHECK(FromProto(request)->filter.outcome == domain::Outcome::kReviewDenied);
  request.set_outcome("denied");
  const absl::Status refused = FromProto(request).status();
  CHECK(absl::IsInvalidArgument(refused));
  CHECK(GetReason(refused) == "outcome_invalid");
  CHECK(std::string(refused.message()).find("review_denied") != std::string::npos);
}

TEST_CASE("FromProto: a query keeps its filters and page, and refuses impossible times",
          "[session_recorder]") {
  v1::ListSessionsRequest request;
  request.set_identity("ann");
  request.set_connection("openai");
  request.set_text("needle");
  request.set_page_size(7);
  request.set_page_token("token");
  request.mutable_since()->set_seconds(1'700'000'000);
  request.mutable_until()->set_seconds(1'700'000'060);
  const auto query = FromProto(request);
  REQUIRE(query.ok());
  CHECK(query->filter.identity == "ann");
  CHECK(query->filter.connection == "openai");
  CHECK(query->text == "needle");
  CHECK(query->page_size == 7);
  CHECK(query->page_token == "token");
  CHECK(query->filter.since == absl::FromUnixSeconds(1'700'000'000));
  CHECK(query->filter.until == absl::FromUnixSeconds(1'700'000'060));
  request.mutable_until()->set_nanos(-1);
  CHECK(absl::IsInvalidArgument(FromProto(request).status()));
}

SessionRow Row() {
  SessionRow row;
  row.id = "0190a0b0-0000-7000-8000-000000000001";
  row.started_at = absl::FromUnixSeconds(1'700'000'000);
  row.head = {9, std::string(32, '\xab')};
  row.summary.identity = "ann";
  row.summary.approvers = {"bob", "cid"};
  return row;
}

TEST_CASE("ToProto: a running session has neither an outcome nor an end", "[session_recorder]") {
  const v1::Session running = ToProto(Row());
  CHECK(running.outcome().empty());
  CHECK_FALSE(running.has_ended_at());
  CHECK(running.event_count() == 9);
  CHECK(running.head().substr(0, 4) == "abab");
  CHECK(running.approvers_size() == 2);
  SessionRow row = Row();
  row.summary.end.outcome = domain::Outcome::kKilled;
  row.summary.end.masked = {{"email", 5}};
  row.ended_at = row.started_at + absl::Seconds(3);
  const v1::Session ended = ToProto(row);
  CHECK(ended.outcome() == "killed");
  CHECK(ended.ended_at().seconds() == 1'700'000'003);
  CHECK(ended.masked().at("email") == 5);
}

TEST_CASE("ToProto: an event before its session's start has offset 0", "[session_recorder]") {
  audit::SessionReader::Detail detail;
  detail.row = Row();
  for (const absl::Duration offset :
       {-absl::Hours(1), absl::Milliseconds(1500), absl::Hours(24 * 365 * 10)}) {
    audit::SessionReader::OpenedEvent event;
    event.type = "response.data";
    event.at = detail.row.started_at + offset;
    event.hash = std::string(32, '\0');
    detail.events.push_back(event);
  }
  detail.more = true;
  const v1::GetSessionResponse response = ToProto(detail);
  REQUIRE(response.events_size() == 3);
  CHECK(response.events(0).offset_ms() == 0);
  CHECK(response.events(1).offset_ms() == 1500);
  CHECK(response.events(2).offset_ms() == UINT32_MAX);
  CHECK(response.events(1).hash() == std::string(64, '0'));
  CHECK(response.more());
}

TEST_CASE("ToProto: only a search by text has progress", "[session_recorder]") {
  audit::SessionReader::Page page;
  page.rows = {Row()};
  CHECK_FALSE(ToProto(page).has_searched_back_to());
  page.searched = 120;
  page.searched_back_to = absl::FromUnixSeconds(1'600'000'000);
  page.next_page_token = "next";
  const v1::ListSessionsResponse response = ToProto(page);
  CHECK(response.searched() == 120);
  CHECK(response.searched_back_to().seconds() == 1'600'000'000);
  CHECK(response.next_page_token() == "next");
  CHECK(response.items_size() == 1);
}

}  // namespace
}  // namespace countersign::session_recorder::api
