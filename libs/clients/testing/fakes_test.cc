#include <catch2/catch.hpp>

#include "libs/base/status.h"
#include "libs/clients/testing/fake_authenticator.h"
#include "libs/clients/testing/fake_masker.h"
#include "libs/clients/testing/fake_policy_decider.h"
#include "libs/clients/testing/fake_recorder.h"
#include "libs/clients/testing/fake_review_gate.h"

namespace countersign::clients {
namespace {

const absl::Time kNever = absl::InfiniteFuture();

TEST_CASE("FakeAuthenticator: knows the added credentials only", "[fakes]") {
  FakeAuthenticator fake;
  domain::Principal ann;
  ann.identity = "ann";
  fake.Know("key", ann);
  std::string identity;
  fake.Authenticate(SecretString("key"), kNever,
                    [&](auto answer) { identity = answer.value().principal->identity; });
  CHECK(identity == "ann");
  absl::Status status;
  fake.Forget("key");
  fake.Authenticate(SecretString("key"), kNever, [&](auto answer) { status = answer.status(); });
  CHECK(absl::IsUnauthenticated(status));
  CHECK(fake.authenticate.calls() == 2);
}

TEST_CASE("Answers: scripted failures come first, in order, then the default", "[fakes]") {
  FakePolicyDecider fake;
  fake.AllowAll();
  fake.decide.FailNext(absl::UnavailableError("away"));
  std::vector<std::string> log;
  const auto decide = [&] {
    fake.Decide({}, {"c", std::make_shared<domain::Prompt>()}, kNever, [&](auto decision) {
      log.push_back(!decision.ok()                                 ? "failed"
                    : decision->verdict == domain::Verdict::kAllow ? "allowed"
                                                                   : "denied");
    });
  };
  decide();
  decide();
  CHECK(log == std::vector<std::string>{"failed", "allowed"});
  CHECK(fake.asked().size() == 2);
}

TEST_CASE("FakePolicyDecider: denies unless scripted otherwise", "[fakes]") {
  FakePolicyDecider fake;
  domain::Verdict verdict = domain::Verdict::kAllow;
  fake.Decide({}, {"c", std::make_shared<domain::Prompt>()}, kNever,
              [&](auto decision) { verdict = decision.value().verdict; });
  CHECK(verdict == domain::Verdict::kDeny);
}

TEST_CASE("Answers: held answers wait until they are released", "[fakes]") {
  FakeReviewGate fake;
  fake.wait.Hold();
  int answered = 0;
  for (int i = 0; i < 2; ++i) {
    fake.Wait({}, "review-1", "s", kNever, [&](const auto&) { ++answered; });
  }
  fake.wait.WaitForHeld(2);
  CHECK(answered == 0);
  CHECK(fake.wait.ReleaseOne());
  CHECK(answered == 1);
  fake.wait.Release();
  CHECK(answered == 2);
  fake.Wait({}, "review-1", "s", kNever, [&](const auto&) { ++answered; });
  CHECK(answered == 3);
}

TEST_CASE("FakeReviewGate: records joins, hashes and leaves", "[fakes]") {
  FakeReviewGate fake;
  domain::ReviewRequest request;
  request.binding_hash = "ab";
  fake.Join({}, request, kNever, [](const auto&) {});
  fake.Consume({}, "review-1", "s", "ab", kNever, [](const auto&) {});
  fake.Leave({}, "review-1", "s");
  CHECK(fake.joined().at(0).binding_hash == "ab");
  CHECK(fake.consumed_hashes() == std::vector<std::string>{"ab"});
  CHECK(fake.left() == std::vector<std::string>{"s"});
}

TEST_CASE("FakeMasker: transforms pieces, fails on demand, drops answers of destroyed streams",
          "[fakes]") {
  FakeMasker fake([](const domain::FieldPiece& piece) {
    return domain::FieldRelease{"<" + piece.text + ">", 0, 0, {}};
  });
  std::unique_ptr<domain::MaskStream> stream;
  fake.Open({}, {"standard", "c", domain::Direction::kResponse, {}}, kNever,
            [&](auto opened) { stream = std::move(opened).value(); });
  CHECK(fake.opened_profiles() == std::vector<std::string>{"standard"});
  std::string text;
  stream->Feed({{"f", "x", false}}, kNever, [&](auto fed) { text = fed.value().at(0).text; });
  CHECK(text == "<x>");
  absl::Status status;
  fake.feed.FailNext(absl::UnavailableError("away"));
  stream->Feed({{"f", "x", false}}, kNever, [&](auto fed) { status = fed.status(); });
  CHECK(absl::IsUnavailable(status));
  bool answered = false;
  fake.feed.Hold();
  stream->Feed({{"f", "x", false}}, kNever, [&](const auto&) { answered = true; });
  stream.reset();
  fake.feed.Release();
  CHECK_FALSE(answered);
}

TEST_CASE("FakeRecorder: keeps events that were answered with OK", "[fakes]") {
  FakeRecorder fake;
  domain::SessionStart start;
  start.session_id = "s1";
  std::unique_ptr<domain::SessionWriter> writer = fake.NewSession({}, start);
  writer->Append({}, kNever, [](const absl::Status&) {});
  absl::Status status;
  fake.append.FailNext(absl::UnavailableError("away"));
  writer->Append({{domain::event_type::kForward, "lost"}}, kNever,
                 [&](absl::Status answer) { status = std::move(answer); });
  CHECK(absl::IsUnavailable(status));
  writer->Append({{domain::event_type::kForward, "kept"}}, kNever,
                 [&](absl::Status answer) { status = std::move(answer); });
  CHECK(status.ok());
  domain::SessionEnd end;
  end.outcome = domain::Outcome::kCompleted;
  writer->End({}, end, kNever, [](const absl::Status&) {});
  writer.reset();
  const auto session = fake.sessions().at(0);
  REQUIRE(session.events.size() == 1);
  CHECK(session.events[0].payload == "kept");
  CHECK(session.end->outcome == domain::Outcome::kCompleted);
  CHECK_FALSE(session.abandoned);
}

TEST_CASE("FakeRecorder: a session whose first commit failed does not exist", "[fakes]") {
  FakeRecorder fake;
  fake.open.FailNext(absl::UnavailableError("away"));
  const auto writer = fake.NewSession({}, {});
  absl::Status status;
  writer->Append({}, kNever, [&](absl::Status answer) { status = std::move(answer); });
  CHECK(absl::IsUnavailable(status));
  writer->End({}, {}, kNever, [&](absl::Status answer) { status = std::move(answer); });
  CHECK(absl::IsNotFound(status));
  CHECK(fake.sessions().empty());
}

TEST_CASE("FakeRecorder: a kill reaches OnStop and later appends", "[fakes]") {
  FakeRecorder fake;
  domain::SessionStart start;
  start.session_id = "s1";
  std::unique_ptr<domain::SessionWriter> writer = fake.NewSession({}, start);
  writer->Append({}, kNever, [](const absl::Status&) {});
  absl::Status stopped;
  writer->OnStop([&](absl::Status status) { stopped = std::move(status); });
  fake.Kill("s1");
  CHECK(GetReason(stopped) == "killed");
  absl::Status appended;
  writer->Append({}, kNever, [&](absl::Status status) { appended = std::move(status); });
  CHECK(GetReason(appended) == "killed");
  writer.reset();
  CHECK(fake.sessions().at(0).abandoned);
}

}  // namespace
}  // namespace countersign::clients
