// An export proves that what policy wanted reviewed was forwarded with its votes.
#include <catch2/catch.hpp>

#include "services/session_recorder/exports/export_format.h"
#include "services/session_recorder/testing/archive.h"
#include "services/session_recorder/testing/fake_review_log.h"

namespace countersign::session_recorder::exports {
namespace {

using domain::ReviewState;
namespace event_type = domain::event_type;

domain::SessionEvent ReviewDecision() {
  domain::Decision decision;
  decision.verdict = domain::Verdict::kReview;
  decision.policy = "regulated";
  return {event_type::kDecision, domain::DecisionPayload(decision)};
}

// A recorder whose checkpoints cover the log of reviews.
struct Reviewed {
  static constexpr int kSession = 7;

  chain::CheckpointOptions Options() {
    chain::CheckpointOptions options;
    options.review_log = &log;
    return options;
  }
  // Records a held call that is forwarded as `events` say.
  void Record(int number, std::vector<domain::SessionEvent> events) {
    const auto session = archive.recorder.Open(TestStart(TestId(number)));
    REQUIRE(session.ok());
    events.insert(events.begin(), ReviewDecision());
    REQUIRE(archive.recorder.Append(*session, std::move(events)).ok());
    REQUIRE(archive.recorder.End(*session).ok());
  }
  std::vector<domain::SessionEvent> Forwarded(const FakeReview& by,
                                              std::vector<std::string> approvers = {"bob"}) {
    return {{event_type::kReviewWaiting,
             domain::ReviewWaitingPayload(by.id, by.binding_hash, absl::UnixEpoch())},
            {event_type::kReviewConsumed, domain::ReviewConsumedPayload({by.id, approvers})},
            {event_type::kForward, domain::ForwardPayload(by.binding_hash, 3, {})}};
  }
  // The usual history of `review`, used by the session.
  void Approve() {
    log.AddStep(review.Opened());
    log.Add("something else");
    log.AddStep(review.Vote("bob", ReviewState::kApproved));
    log.AddStep(review.Used(TestId(kSession)));
  }
  std::string Export(const std::vector<std::string>& ids = {}, const ExportReader& reader = {}) {
    Exporter exporter(archive.store, archive.recorder.keys, checkpointer, archive.recorder.clock,
                      archive.recorder.random);
    const auto page = exporter.Begin(ids, reader);
    INFO(page.status().ToString());
    REQUIRE(page.ok());
    REQUIRE(page->next_page_token.empty());
    return page->bytes;
  }
  static VotesProof FindVotes(const VerifyReport& report, int number) {
    for (const SessionVerdict& session : report.sessions) {
      if (session.id == TestId(number)) return session.votes;
    }
    return VotesProof::kNone;
  }

  FakeReviewLog log;
  FakeReview review;
  Archive archive{2};
  chain::Checkpointer checkpointer{
      archive.store, archive.recorder.clock, archive.key, {}, Options()};
};

std::string FindProblem(const VerifyReport& report, int number) {
  for (const SessionVerdict& session : report.sessions) {
    if (session.id == TestId(number)) return session.problem;
  }
  return "not in the file";
}

}  // namespace

TEST_CASE("Verify: the votes of a forwarded review are proven by the exported log",
          "[session_recorder]") {
  Reviewed test;
  test.log.Add("an earlier review");
  REQUIRE(test.checkpointer.Force().ok());
  test.Approve();
  test.Record(Reviewed::kSession, test.Forwarded(test.review));
  REQUIRE(test.checkpointer.Force().ok());
  for (int i = 0; i < 250; ++i) test.log.Add("a later review");

  const VerifyReport all = Judge(test.Export(), test.archive.key.public_key());
  INFO(Describe(all));
  CHECK(all.intact);
  CHECK(Reviewed::FindVotes(all, Reviewed::kSession) == VotesProof::kProven);
  CHECK(Reviewed::FindVotes(all, 1) == VotesProof::kNone);

  const std::string file = test.Export({TestId(Reviewed::kSession), TestId(1)});
  const VerifyReport named = Judge(file, test.archive.key.public_key());
  INFO(Describe(named));
  CHECK(named.intact);
  CHECK(Reviewed::FindVotes(named, Reviewed::kSession) == VotesProof::kProven);
  CHECK(file.find("a later review") == std::string::npos);
  CHECK(Lines(file).size() < 40);  // only the lines around the review
}

TEST_CASE("Verify: several reviews of named sessions, next to each other and apart",
          "[session_recorder]") {
  Reviewed test;
  std::vector<std::string> ids;
  for (int n = 10; n < 16; ++n) {
    test.review.id = "review-" + std::to_string(n);
    test.log.AddStep(test.review.Opened());
    test.log.AddStep(test.review.Vote("bob", ReviewState::kApproved));
    test.log.AddStep(test.review.Used(TestId(n)));
    test.Record(n, test.Forwarded(test.review));
    if (n % 2 == 0) REQUIRE(test.checkpointer.Force().ok());
    for (int i = 0; i < 3; ++i) test.log.Add("between");
    if (n != 12 && n != 13) ids.push_back(TestId(n));
  }
  const VerifyReport report = Judge(test.Export(ids));
  INFO(Describe(report));
  CHECK(report.intact);
  for (const SessionVerdict& session : report.sessions) CHECK(session.votes == VotesProof::kProven);
  CHECK(report.sessions.size() == ids.size());
}

TEST_CASE("Verify: a forwarded review without its votes is found", "[session_recorder]") {
  Reviewed test;
  FakeReview& review = test.review;
  std::string problem;
  auto forwarded = test.Forwarded(review);
  const std::string session = TestId(Reviewed::kSession);
  SECTION("nobody voted") {
    test.log.AddStep(review.Opened());
    test.log.AddStep(review.Step(ReviewState::kPending, ReviewState::kApproved, "bob", "{}"));
    test.log.AddStep(review.Used(session));
    problem = "approves it without a vote";
  }
  SECTION("fewer people than were asked for") {
    review.approvals = 2;
    test.log.AddStep(review.Opened());
    test.log.AddStep(review.Vote("bob", ReviewState::kPending));
    test.log.AddStep(review.Vote("bob", ReviewState::kApproved));
    test.log.AddStep(review.Used(session));
    problem = "it was used with 1 of 2 approvals";
  }
  SECTION("the requester voted") {
    test.log.AddStep(review.Opened());
    test.log.AddStep(review.Vote("ann", ReviewState::kApproved));
    test.log.AddStep(review.Used(session));
    problem = "it was used with 0 of 1 approvals";
  }
  SECTION("it was denied") {
    test.log.AddStep(review.Opened());
    test.log.AddStep(review.Vote("bob", ReviewState::kDenied, "DENY"));
    test.log.AddStep(review.Used(session));
    problem = "does not follow the review's state";
  }
  SECTION("it was for other bytes") {
    FakeReview other = review;
    other.binding_hash = std::string(64, 'b');
    test.log.AddStep(other.Opened());
    test.log.AddStep(other.Vote("bob", ReviewState::kApproved));
    test.log.AddStep(other.Used(session));
    problem = "it was for other bytes than were forwarded";
  }
  SECTION("another session used it") {
    test.log.AddStep(review.Opened());
    test.log.AddStep(review.Vote("bob", ReviewState::kApproved));
    test.log.AddStep(review.Used(TestId(99)));
    problem = "this session did not use it";
  }
  SECTION("two sessions used it") {
    test.log.AddStep(review.Opened());
    test.log.AddStep(review.Vote("bob", ReviewState::kApproved));
    auto first = review.Used(TestId(99));
    first.to = ReviewState::kApproved;
    test.log.AddStep(first);
    test.log.AddStep(review.Used(session));
    problem = "more often than it allows";
  }
  SECTION("other people approved it") {
    test.Approve();
    forwarded = test.Forwarded(review, {"eve"});
    problem = "other people approved it than the record names";
  }
  SECTION("the approval had expired") {
    test.log.AddStep(review.Opened());
    test.log.AddStep(review.Vote("bob", ReviewState::kApproved));
    auto late = review.Used(session);
    late.at += absl::Minutes(1);
    test.log.AddStep(late);
    problem = "used after it had expired";
  }
  SECTION("the log does not know it") { problem = "does not hold review review-1"; }
  SECTION("no approval was used") {
    forwarded.erase(forwarded.begin() + 1);
    problem = "was sent without the approval that policy asked for";
  }
  test.Record(Reviewed::kSession, forwarded);
  for (const auto& ids : {std::vector<std::string>(), {session}}) {
    const VerifyReport report = Judge(test.Export(ids));
    INFO(Describe(report));
    CHECK_FALSE(report.intact);
    CHECK(FindProblem(report, Reviewed::kSession).find(problem) != std::string::npos);
    CHECK(Reviewed::FindVotes(report, Reviewed::kSession) != VotesProof::kProven);
  }
}

TEST_CASE("Verify: a log that was changed behind a checkpoint is found", "[session_recorder]") {
  Reviewed test;
  test.Approve();
  test.Record(Reviewed::kSession, test.Forwarded(test.review));
  REQUIRE(test.checkpointer.Force().ok());
  const auto kept = test.log.head;
  SECTION("a line was replaced") {
    test.log.lines[2].body =
        domain::EncodeReviewStep(test.review.Vote("eve", ReviewState::kApproved));
  }
  SECTION("a line was removed") { test.log.lines.erase(test.log.lines.begin() + 2); }
  test.log.head = kept;  // so that the checkpointer goes on
  for (const auto& ids : {std::vector<std::string>(), {TestId(Reviewed::kSession)}}) {
    const VerifyReport report = Judge(test.Export(ids));
    INFO(Describe(report));
    CHECK_FALSE(report.intact);
  }
}

TEST_CASE("Verify: every line of the exported log is covered, in its place", "[session_recorder]") {
  Reviewed test;
  test.Approve();
  test.Record(Reviewed::kSession, test.Forwarded(test.review));
  const auto ids =
      GENERATE(std::vector<std::string>(), std::vector<std::string>{TestId(Reviewed::kSession)});
  const std::vector<std::string> lines = Lines(test.Export(ids));
  REQUIRE(Judge(absl::StrCat(absl::StrJoin(lines, "\n"), "\n")).intact);
  std::size_t changed = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string type = LineType(lines[i]);
    if (type != "log" && type != "review") continue;
    ++changed;
    for (const int change : {0, 1, 2}) {
      std::vector<std::string> file = lines;
      if (change == 0) file.erase(file.begin() + static_cast<std::ptrdiff_t>(i));
      if (change == 1) std::swap(file[i], file[i + 1]);
      if (change == 2) file.insert(file.begin() + static_cast<std::ptrdiff_t>(i), lines[i]);
      const VerifyReport report = Judge(absl::StrCat(absl::StrJoin(file, "\n"), "\n"));
      INFO(lines[i] << " " << change);
      // More than the signed last line notices it.
      CHECK(report.problems.size() + (report.sessions[0].intact ? 0 : 1) > 2);
    }
  }
  CHECK(changed == 5);
}

TEST_CASE("Exporter: approval's log is only for readers of all connections", "[session_recorder]") {
  Reviewed test;
  test.Approve();
  test.Record(Reviewed::kSession, test.Forwarded(test.review));
  ExportReader some{"some", std::set<std::string>{"openai"}};
  const VerifyReport report = Judge(test.Export({TestId(Reviewed::kSession)}, some));
  INFO(Describe(report));
  CHECK(report.intact);
  CHECK(Reviewed::FindVotes(report, Reviewed::kSession) == VotesProof::kNotInFile);
}

TEST_CASE("Exporter: no export without approval's log while approval is away",
          "[session_recorder]") {
  Reviewed test;
  test.Approve();
  test.Record(Reviewed::kSession, test.Forwarded(test.review));
  test.log.status = absl::UnavailableError("approval is away");
  Exporter exporter(test.archive.store, test.archive.recorder.keys, test.checkpointer,
                    test.archive.recorder.clock, test.archive.recorder.random);
  CHECK(absl::IsUnavailable(exporter.Begin({}, {}).status()));
  // The session may be covered by then and its lines not: the next export follows the log first.
  REQUIRE(test.checkpointer.Force().ok());
  test.log.status = absl::OkStatus();
  const VerifyReport report = Judge(test.Export());
  INFO(Describe(report));
  CHECK(report.intact);
  CHECK(Reviewed::FindVotes(report, Reviewed::kSession) == VotesProof::kProven);
}

}  // namespace countersign::session_recorder::exports
