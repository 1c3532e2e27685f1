#include <catch2/catch.hpp>
#include <future>

#include "services/session_recorder/live/live_sessions.h"
#include "services/session_recorder/testing/live_sessions_fixture.h"

namespace countersign::session_recorder::live {
namespace {

using domain::Outcome;

TEST_CASE(
    "LiveSessions: ordered recording answers response pieces before they are durable, and the "
    "intent and end after",
    "[session_recorder]") {
  store::MemoryRecordStore memory;
  FaultyStore store(memory);
  TestRecorder recorder(store);
  const auto session = recorder.Open(TestStart(TestId(1)));
  REQUIRE(recorder.Append(*session, {DecisionEvent(domain::Recording::kOrdered)}).ok());
  std::promise<void> leave;
  store.fault = [&, first = true]() mutable {
    if (std::exchange(first, false)) leave.get_future().wait();
    return FaultyStore::Fault::kNone;
  };
  CHECK(recorder.Append(*session, {DataEvent("1")}).ok());  // would hang if it were strict
  CHECK(recorder.Append(*session, {DataEvent("2")}).ok());
  CHECK(Types(memory, TestId(1)).size() == 2);
  leave.set_value();
  REQUIRE(recorder.End(*session).ok());
  CHECK(Types(memory, TestId(1)).size() == 5);
  CheckChain(memory, recorder.keys, TestId(1));
}

TEST_CASE("LiveSessions: a lost ordered piece stops the session, and its end says so",
          "[session_recorder]") {
  store::MemoryRecordStore memory;
  FaultyStore store(memory);
  TestRecorder recorder(store);
  const auto session = recorder.Open(TestStart(TestId(1)));
  REQUIRE(recorder.Append(*session, {DecisionEvent(domain::Recording::kOrdered)}).ok());
  std::promise<absl::Status> stopped;
  recorder.sessions.OnStop(*session, [&](absl::Status why) { stopped.set_value(why); });
  store.fault = [] { return FaultyStore::Fault::kBefore; };
  (void)recorder.Append(*session, {DataEvent("1")});
  CHECK_FALSE(stopped.get_future().get().ok());
  store.fault = [] { return FaultyStore::Fault::kNone; };
  CHECK_FALSE(recorder.Append(*session, {DataEvent("2")}).ok());
  CHECK(GetReason(recorder.End(*session).status()) == "recording_lost");
  const SessionRow row = ReadRow(memory, TestId(1));
  CHECK(row.summary.end.outcome == Outcome::kAborted);
  CHECK(row.summary.end.code == "recording_lost");
  CHECK(recorder.sessions.open_sessions() == 0);
}

TEST_CASE("LiveSessions: an end submitted before an ordered piece was lost reports the loss",
          "[session_recorder]") {
  for (const auto outcome : {Outcome::kCompleted, Outcome::kUpstreamError}) {
    store::MemoryRecordStore memory;
    FaultyStore store(memory);
    TestRecorder recorder(store);
    const auto session = recorder.Open(TestStart(TestId(1)));
    REQUIRE(recorder.Append(*session, {DecisionEvent(domain::Recording::kOrdered)}).ok());
    std::promise<void> entered, leave;
    store.fault = [&, first = true]() mutable {
      if (!std::exchange(first, false)) return FaultyStore::Fault::kNone;
      entered.set_value();
      leave.get_future().wait();
      return FaultyStore::Fault::kBefore;
    };
    CHECK(recorder.Append(*session, {DataEvent("1")}).ok());
    entered.get_future().wait();  // the end becomes a separate commit
    domain::SessionEnd end;
    end.outcome = outcome;
    std::promise<absl::Status> ended;
    recorder.sessions.End(
        *session, {}, end, absl::InfiniteFuture(),
        [&](const absl::StatusOr<std::uint32_t>& answer) { ended.set_value(answer.status()); });
    leave.set_value();
    const absl::Status told = ended.get_future().get();
    const bool completed = outcome == Outcome::kCompleted;
    CHECK(GetReason(told) == (completed ? "recording_lost" : ""));
    CHECK(ReadRow(memory, TestId(1)).summary.end.outcome ==
          (completed ? Outcome::kAborted : Outcome::kUpstreamError));
  }
}

}  // namespace
}  // namespace countersign::session_recorder::live
