#include "services/edge/call/admission/session.h"

#include <catch2/catch.hpp>

#include "libs/base/status.h"
#include "services/edge/testing/call_fixture.h"

namespace countersign::edge::call::admission {
namespace {

using testing::CallFixture;
using testing::OneCall;

// A session of a verified caller; nothing is on record yet.
struct Fixture : CallFixture {
  Fixture() {
    domain::SessionStart start;
    start.session_id = "s-1";
    start.connection = "openai";
    subject.emplace(call.context, *caller, std::move(start));
  }

  static Step<request::VerifiedCaller> Verify(OneCall& call) {
    auto verified = call.Run(request::VerifiedCaller::Verify(call.context));
    REQUIRE(verified.has_value());
    REQUIRE(verified->ok());
    return *std::move(verified);
  }
  domain::SessionEnd Completed() const {
    domain::SessionEnd end;
    end.outcome = domain::Outcome::kCompleted;
    return end;
  }

  OneCall& call = NewCall();
  const Step<request::VerifiedCaller> caller = Verify(call);
  std::optional<Session> subject;
};

TEST_CASE("Session: nothing is on record before the first append, which opens it", "[edge]") {
  Fixture f;
  f.subject->Queue(domain::event_type::kDecision, "{}");
  f.Run();
  CHECK(f.recorder.sessions().empty());
  CHECK(f.call.Run(f.subject->Append())->ok());
  CHECK(f.session().start.session_id == "s-1");
  CHECK(f.events() == std::vector<std::string>{"decision"});
}

TEST_CASE("Session: an append without events opens the session, a later one does nothing",
          "[edge]") {
  Fixture f;
  CHECK(f.call.Run(f.subject->Append())->ok());
  CHECK(f.recorder.sessions().size() == 1);
  CHECK(f.call.Run(f.subject->Append())->ok());
  CHECK(f.recorder.append.calls() == 1);
}

TEST_CASE("Session: strict appends answer when their events are durable", "[edge]") {
  Fixture f;
  f.recorder.append.Hold();
  f.subject->Queue(domain::event_type::kDecision, "{}");
  CHECK_FALSE(f.call.Run(f.subject->Append()).has_value());
  f.recorder.append.Release();
  f.Run();
  CHECK(f.events() == std::vector<std::string>{"decision"});
}

TEST_CASE("Session: an ordered append is told by the next one, and never more than one is ahead",
          "[edge]") {
  Fixture f;
  f.recorder.append.Hold();
  f.subject->Queue(domain::event_type::kDecision, "{}");
  CHECK(f.call.Run(f.subject->Append(domain::Recording::kOrdered))->ok());
  f.subject->Queue(domain::event_type::kForward, "{}");
  CHECK_FALSE(f.call.Run(f.subject->Append(domain::Recording::kOrdered)).has_value());
  CHECK(f.recorder.append.calls() == 1);
  f.recorder.append.Release();
  f.Run();
  CHECK(f.recorder.append.calls() == 2);
  CHECK(f.events() == std::vector<std::string>{"decision", "forward"});
}

TEST_CASE("Session: an ordered append that failed fails the next append", "[edge]") {
  Fixture f;
  CHECK(f.call.Run(f.subject->Append())->ok());
  f.recorder.append.FailNext(absl::UnavailableError("down"));
  f.subject->Queue(domain::event_type::kDecision, "{}");
  CHECK(f.call.Run(f.subject->Append(domain::Recording::kOrdered))->ok());
  f.subject->Queue(domain::event_type::kForward, "{}");
  CHECK(absl::IsUnavailable(*f.call.Run(f.subject->Append())));
  CHECK(f.recorder.append.calls() == 2);  // what was queued waits for the end
}

TEST_CASE("Session: an ordered append that failed fails the end, too", "[edge]") {
  Fixture f;
  CHECK(f.call.Run(f.subject->Append())->ok());
  f.recorder.append.FailNext(absl::UnavailableError("down"));
  f.subject->Queue(domain::event_type::kDecision, "{}");
  CHECK(f.call.Run(f.subject->Append(domain::Recording::kOrdered))->ok());
  CHECK(absl::IsUnavailable(*f.call.Run(f.subject->End(f.Completed()))));
}

TEST_CASE("Session: the end carries what is queued and what was masked", "[edge]") {
  Fixture f;
  f.subject->Queue(domain::event_type::kDecision, "{}");
  f.subject->CountMasked("iban");
  f.subject->CountMasked("iban");
  f.subject->CountMasked("secret");
  CHECK(f.call.Run(f.subject->End(f.Completed()))->ok());
  CHECK(f.events() == std::vector<std::string>{"decision"});
  CHECK(f.end().outcome == domain::Outcome::kCompleted);
  CHECK(f.end().masked == std::map<std::string, std::uint32_t>{{"iban", 2}, {"secret", 1}});
  CHECK(f.recorder.append.calls() == 0);  // one commit in all
}

TEST_CASE("Session: a kill cancels its call, but not when the session is gone", "[edge]") {
  {
    Fixture f;
    CHECK(f.call.Run(f.subject->Append())->ok());
    f.recorder.Kill("s-1");
    f.Run();
    CHECK(GetReason(f.call.caller.cancellation().cause()) == "killed");
  }
  Fixture f;
  CHECK(f.call.Run(f.subject->Append())->ok());
  f.recorder.Kill("s-1");  // its call to the loop is posted, not run
  f.subject.reset();
  f.Run();
  CHECK_FALSE(f.call.caller.cancellation().cancelled());
}

TEST_CASE("Session: one that is dropped without an end is left to be closed as truncated",
          "[edge]") {
  Fixture f;
  CHECK(f.call.Run(f.subject->Append())->ok());
  f.subject.reset();
  CHECK(f.session().abandoned);
}

}  // namespace
}  // namespace countersign::edge::call::admission
