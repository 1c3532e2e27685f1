#include "services/session_recorder/summary.h"

#include <catch2/catch.hpp>
#include <string>

#include "services/session_recorder/testing/test_recorder.h"

namespace countersign::session_recorder {
namespace {

TEST_CASE("Summarize: a request, read from its payload or not, gives the same columns",
          "[session_recorder]") {
  const domain::SessionStart start = TestStart(TestId(1), "a prompt");
  SessionSummary direct, read;
  Summarize(domain::MakeRequestRecord(start, TestPrincipal()), direct);
  REQUIRE(Summarize("request", domain::RequestPayload(start, TestPrincipal()), read).ok());
  CHECK(direct.request_id == read.request_id);
  CHECK(direct.identity == read.identity);
  CHECK(direct.issuer == read.issuer);
  CHECK(direct.subject == read.subject);
  CHECK(direct.connection == read.connection);
  CHECK(direct.model == read.model);
  CHECK(direct.operation == read.operation);
  CHECK(direct.stream == read.stream);
  CHECK(read.identity == TestPrincipal().DisplayName());
  CHECK(read.connection == start.connection);
  CHECK(read.running());
}

TEST_CASE("Summarize: the latest decision and review count", "[session_recorder]") {
  SessionSummary summary;
  domain::Decision decision;
  for (const char* policy : {"first", "second"}) {
    decision.policy = policy;
    REQUIRE(Summarize("decision", domain::DecisionPayload(decision), summary).ok());
  }
  CHECK(summary.policy == "second");
  REQUIRE(Summarize("review.waiting", domain::ReviewWaitingPayload("rv-1", "ab", absl::UnixEpoch()),
                    summary)
              .ok());
  CHECK(summary.review_id == "rv-1");
  CHECK(summary.approvers.empty());
  REQUIRE(
      Summarize("review.consumed", domain::ReviewConsumedPayload({"rv-2", {"ann", "bob"}}), summary)
          .ok());
  CHECK(summary.review_id == "rv-2");
  CHECK(summary.approvers == std::vector<std::string>{"ann", "bob"});
}

TEST_CASE("Summarize: an end has its outcome, code and counts", "[session_recorder]") {
  SessionSummary summary;
  domain::SessionEnd end;
  end.outcome = domain::Outcome::kBlocked;
  end.code = std::string(600, 'c');
  end.input_tokens = 12;
  end.output_tokens = 34;
  end.masked = {{"us_ssn", 2}};
  REQUIRE(Summarize("end", domain::EndPayload(end), summary).ok());
  CHECK_FALSE(summary.running());
  CHECK(summary.end.outcome == domain::Outcome::kBlocked);
  CHECK(summary.end.code == std::string(512, 'c'));
  CHECK(summary.end.input_tokens == 12);
  CHECK(summary.end.output_tokens == 34);
  CHECK(summary.end.masked == end.masked);
}

TEST_CASE("IsSummarized: exactly the types that change a summary", "[session_recorder]") {
  for (const absl::string_view type :
       {domain::event_type::kRequest, domain::event_type::kDecision,
        domain::event_type::kReviewWaiting, domain::event_type::kReviewConsumed,
        domain::event_type::kEnd}) {
    CHECK(IsSummarized(type));
  }
  for (const absl::string_view type :
       {domain::event_type::kForward, domain::event_type::kResponseHead,
        domain::event_type::kResponseData, absl::string_view("unknown"), absl::string_view("")}) {
    INFO(type);
    CHECK_FALSE(IsSummarized(type));
    SessionSummary summary;
    summary.policy = "p";
    CHECK(Summarize(type, "not JSON", summary).ok());  // not read
    CHECK(summary.policy == "p");
  }
}

}  // namespace
}  // namespace countersign::session_recorder
