#include <catch2/catch.hpp>

#include "libs/base/status.h"
#include "services/session_recorder/live/live_sessions.h"
#include "services/session_recorder/store/record_store_memory.h"
#include "services/session_recorder/testing/live_sessions_fixture.h"
#include "services/session_recorder/testing/test_recorder.h"

// What becomes of sessions whose recorder is gone.
namespace countersign::session_recorder::live {

using domain::Outcome;

TEST_CASE(
    "LiveSessions: a restarted recorder closes what the one before left running, and that "
    "one's writers are refused",
    "[session_recorder]") {
  store::MemoryRecordStore store;
  TestRecorder before(store, "node-1");
  const auto session = before.Open(TestStart(TestId(1)));
  REQUIRE(before.Append(*session, {DataEvent("delivered")}).ok());
  TestRecorder after(store, "node-2");
  REQUIRE(after.sessions.Maintain().ok());
  after.Drain();
  CHECK(ReadRow(store, TestId(1)).summary.end.outcome == Outcome::kTruncated);
  CHECK(Types(store, TestId(1)) == std::vector<std::string>{"request", "response.data", "end"});
  CHECK(GetReason(before.Append(*session, {DataEvent("late")}).status()) == "lease_lost");
  CheckChain(store, after.keys, TestId(1));
}

TEST_CASE(
    "LiveSessions: after the clock was set back, a closing event is not older than the session's "
    "events",
    "[session_recorder]") {
  store::MemoryRecordStore store;
  TestRecorder before(store, "node-1");
  const auto session = before.Open(TestStart(TestId(1)));
  before.clock.Advance(absl::Minutes(1));
  REQUIRE(before.Append(*session, {DataEvent("delivered")}).ok());
  TestRecorder after(store, "node-2");
  after.clock.Advance(-absl::Minutes(5));
  REQUIRE(after.sessions.Maintain().ok());
  after.Drain();
  const std::vector<SealedEvent> events = ReadEvents(store, TestId(1));
  REQUIRE(events.size() == 3);
  CHECK(events[2].at == events[1].at);
}

TEST_CASE("LiveSessions: one of several recorders takes over only from recorders that are gone",
          "[session_recorder]") {
  store::MemoryRecordStore store;
  TestRecorder first(store, "node-1", false);
  TestRecorder second(store, "node-2", false);
  REQUIRE(first.sessions.Maintain().ok());
  const auto session = first.Open(TestStart(TestId(1)));
  REQUIRE(session.ok());
  REQUIRE(second.sessions.Maintain().ok());
  second.Drain();
  CHECK(ReadRow(store, TestId(1)).summary.running());
  second.clock.Advance(absl::Seconds(16));
  REQUIRE(second.sessions.Maintain().ok());
  second.Drain();
  CHECK(ReadRow(store, TestId(1)).summary.end.outcome == Outcome::kTruncated);
}

}  // namespace countersign::session_recorder::live
