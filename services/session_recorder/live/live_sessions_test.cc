#include "services/session_recorder/live/live_sessions.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <random>
#include <thread>

#include "libs/base/status.h"
#include "services/session_recorder/chain/chain.h"
#include "services/session_recorder/store/record_store_memory.h"
#include "services/session_recorder/testing/live_sessions_fixture.h"
#include "services/session_recorder/testing/test_recorder.h"

namespace countersign::session_recorder::live {
namespace {

using domain::Outcome;

}  // namespace

TEST_CASE("LiveSessions: a session is one chain, and its row agrees with its events",
          "[session_recorder]") {
  store::MemoryRecordStore store;
  TestRecorder recorder(store);
  const auto session = recorder.Open(TestStart(TestId(1)));
  REQUIRE(session.ok());
  CHECK(*recorder.Append(*session, {DecisionEvent()}) == 2);
  CHECK(*recorder.Append(*session, {DataEvent("a"), DataEvent("b")}) == 4);
  CHECK(*recorder.End(*session) == 5);
  CheckChain(store, recorder.keys, TestId(1));
  const SessionRow row = ReadRow(store, TestId(1));
  CHECK(row.summary.identity == "ann");
  CHECK(row.summary.connection == "openai");
  CHECK(row.summary.model == "gpt-4o");
  CHECK(row.summary.policy == "default-allow");
  CHECK(row.summary.end.outcome == Outcome::kCompleted);
  CHECK(row.summary.end.output_tokens == 5);
  CHECK(row.summary.end.masked.at("credit_card") == 1);
  CHECK(recorder.sessions.open_sessions() == 0);
}

TEST_CASE("LiveSessions: opening and ending a session are one commit each", "[session_recorder]") {
  store::MemoryRecordStore memory;
  FaultyStore store(memory);
  TestRecorder recorder(store);
  int commits = 0;
  store.fault = [&] { return ++commits, FaultyStore::Fault::kNone; };
  const auto start = TestStart(TestId(1));
  SECTION("a call that is forwarded") {
    const auto session =
        recorder.sessions.NewSession(start, TestPrincipal(), LiveSessions::Lease::kHeld);
    CHECK(commits == 0);
    CHECK(*recorder.Append(session, {DecisionEvent(), DataEvent("forward")}) == 3);
    CHECK(commits == 1);
    CHECK(*recorder.End(session, Completed(), {DataEvent("answer")}) == 5);
    CHECK(commits == 2);
    CHECK(ReadRow(memory, TestId(1)).summary.end.outcome == Outcome::kCompleted);
  }
  SECTION("a call that is refused") {
    const auto session =
        recorder.sessions.NewSession(start, TestPrincipal(), LiveSessions::Lease::kHeld);
    domain::SessionEnd end;
    end.outcome = Outcome::kBlocked;
    CHECK(*recorder.End(session, end, {DecisionEvent()}) == 3);
    CHECK(commits == 1);
    CHECK(Types(memory, TestId(1)) == std::vector<std::string>{"request", "decision", "end"});
    CHECK(ReadRow(memory, TestId(1)).summary.policy == "default-allow");
    CHECK(ReadRow(memory, TestId(1)).summary.end.outcome == Outcome::kBlocked);
  }
  CheckChain(memory, recorder.keys, TestId(1));
  CHECK(recorder.sessions.open_sessions() == 0);
}

TEST_CASE("LiveSessions: a failed write is told until a write or a probe succeeds",
          "[session_recorder]") {
  store::MemoryRecordStore memory;
  FaultyStore store(memory);
  TestRecorder recorder(store);
  const auto fail = [&](int session) {
    store.fault = [] { return FaultyStore::Fault::kBefore; };
    REQUIRE_FALSE(recorder.Open(TestStart(TestId(session))).ok());
    CHECK(recorder.sessions.WriteFailure().message().find("database unavailable") !=
          absl::string_view::npos);
    CHECK(recorder.sessions.Maintain().ok());  // small writes still go through
    CHECK_FALSE(recorder.sessions.WriteFailure().ok());
    store.fault = [] { return FaultyStore::Fault::kNone; };
  };
  CHECK(recorder.sessions.WriteFailure().ok());
  fail(1);
  CHECK(recorder.sessions.Maintain().ok());
  CHECK(recorder.sessions.WriteFailure().ok());
  fail(3);
  REQUIRE(recorder.Open(TestStart(TestId(2))).ok());
  CHECK(recorder.sessions.WriteFailure().ok());
  // A session that is refused says nothing about the store.
  REQUIRE_FALSE(recorder.Open(TestStart(TestId(2))).ok());
  CHECK(recorder.sessions.WriteFailure().ok());
}

TEST_CASE("LiveSessions: a session that was never written to leaves nothing behind",
          "[session_recorder]") {
  store::MemoryRecordStore store;
  TestRecorder recorder(store);
  const auto session = recorder.sessions.NewSession(TestStart(TestId(1)), TestPrincipal(),
                                                    LiveSessions::Lease::kRenewed);
  CHECK(recorder.sessions.open_sessions() == 0);
  recorder.sessions.Abandon(session);
  recorder.Drain();
  CHECK(store.sessions().count(TestId(1)) == 0);
}

TEST_CASE("LiveSessions: after a failed first commit there is no session to end",
          "[session_recorder]") {
  store::MemoryRecordStore memory;
  FaultyStore store(memory);
  TestRecorder recorder(store);
  const auto session = recorder.sessions.NewSession(TestStart(TestId(1)), TestPrincipal(),
                                                    LiveSessions::Lease::kHeld);
  store.fault = [] { return FaultyStore::Fault::kBefore; };
  CHECK(recorder.Append(session, {DecisionEvent()}).status().code() ==
        absl::StatusCode::kUnavailable);
  store.fault = [] { return FaultyStore::Fault::kNone; };
  CHECK(GetReason(recorder.End(session).status()) == "session_unknown");
  CHECK(memory.sessions().empty());
  CHECK(recorder.sessions.open_sessions() == 0);
}

TEST_CASE("LiveSessions: an unreadable decision in the opening write opens nothing",
          "[session_recorder]") {
  store::MemoryRecordStore store;
  TestRecorder recorder(store);
  const auto session = recorder.sessions.NewSession(TestStart(TestId(1)), TestPrincipal(),
                                                    LiveSessions::Lease::kHeld);
  CHECK(recorder.Append(session, {{domain::event_type::kDecision, "{"}}).status().code() ==
        absl::StatusCode::kInvalidArgument);
  CHECK(GetReason(recorder.End(session).status()) == "session_unknown");
  CHECK(store.sessions().empty());
  CHECK(recorder.sessions.open_sessions() == 0);
}

TEST_CASE("LiveSessions: after a failed append, events sent with the end are dropped and reported",
          "[session_recorder]") {
  store::MemoryRecordStore memory;
  FaultyStore store(memory);
  TestRecorder recorder(store);
  const auto session = recorder.Open(TestStart(TestId(1)));
  store.fault = [] { return FaultyStore::Fault::kBefore; };
  CHECK_FALSE(recorder.Append(*session, {DataEvent("lost")}).ok());
  store.fault = [] { return FaultyStore::Fault::kNone; };
  domain::SessionEnd end;
  end.outcome = Outcome::kUpstreamError;
  CHECK(GetReason(recorder.End(*session, end, {DataEvent("later")}).status()) == "recording_lost");
  CHECK(Types(memory, TestId(1)) == std::vector<std::string>{"request", "end"});
  CHECK(ReadRow(memory, TestId(1)).summary.end.outcome == Outcome::kUpstreamError);
  CHECK(recorder.sessions.open_sessions() == 0);
  CheckChain(memory, recorder.keys, TestId(1));
}

TEST_CASE("LiveSessions: payloads are stored sealed", "[session_recorder]") {
  store::MemoryRecordStore store;
  TestRecorder recorder(store);
  const auto session = recorder.Open(TestStart(TestId(1), "my secret prompt"));
  REQUIRE(session.ok());
  for (const SealedEvent& event : store.sessions().at(TestId(1)).events) {
    CHECK(event.sealed.find("secret") == std::string::npos);
  }
}

TEST_CASE("LiveSessions: a session id is used once", "[session_recorder]") {
  store::MemoryRecordStore store;
  TestRecorder recorder(store);
  const auto session = recorder.Open(TestStart(TestId(1)));
  REQUIRE(session.ok());
  CHECK(recorder.Open(TestStart(TestId(1))).status().code() == absl::StatusCode::kAlreadyExists);
  REQUIRE(recorder.End(*session).ok());
  CHECK(recorder.Open(TestStart(TestId(1))).status().code() == absl::StatusCode::kAlreadyExists);
  CHECK(recorder.Open(TestStart("not-a-uuid")).status().code() ==
        absl::StatusCode::kInvalidArgument);
  CheckChain(store, recorder.keys, TestId(1));
}

TEST_CASE("LiveSessions: the first and last event are written by the recorder",
          "[session_recorder]") {
  store::MemoryRecordStore store;
  TestRecorder recorder(store);
  const auto session = recorder.Open(TestStart(TestId(1)));
  for (const absl::string_view type : {"request", "end", "", "anything"}) {
    CHECK(recorder.Append(*session, {{type, "{}"}}).status().code() ==
          absl::StatusCode::kInvalidArgument);
  }
  CHECK(Types(store, TestId(1)) == std::vector<std::string>{"request"});
}

TEST_CASE("LiveSessions: nothing follows the end", "[session_recorder]") {
  store::MemoryRecordStore store;
  TestRecorder recorder(store);
  const auto session = recorder.Open(TestStart(TestId(1)));
  REQUIRE(recorder.End(*session).ok());
  CHECK(GetReason(recorder.Append(*session, {DataEvent("late")}).status()) == "session_ended");
  CHECK(GetReason(recorder.End(*session).status()) == "session_ended");
  CHECK(Types(store, TestId(1)) == std::vector<std::string>{"request", "end"});
}

TEST_CASE("LiveSessions: after a failed append only the end is accepted, without a gap",
          "[session_recorder]") {
  using Fault = FaultyStore::Fault;
  const auto fault = GENERATE(Fault::kBefore, Fault::kUnknownCommitted, Fault::kUnknownLost);
  store::MemoryRecordStore memory;
  FaultyStore store(memory);
  TestRecorder recorder(store);
  const auto session = recorder.Open(TestStart(TestId(1)));
  REQUIRE(recorder.Append(*session, {DataEvent("1")}).ok());
  store.fault = [&] { return fault; };
  CHECK_FALSE(recorder.Append(*session, {DataEvent("2")}).ok());
  store.fault = [] { return Fault::kNone; };
  CHECK_FALSE(recorder.Append(*session, {DataEvent("3")}).ok());
  domain::SessionEnd end;
  end.outcome = Outcome::kAborted;
  REQUIRE(recorder.End(*session, end).ok());
  CheckChain(memory, recorder.keys, TestId(1));
  CHECK(Types(memory, TestId(1)).size() == (fault == Fault::kUnknownCommitted ? 4 : 3));
}

TEST_CASE("LiveSessions: an end that could not be written is written as truncated later",
          "[session_recorder]") {
  using Fault = FaultyStore::Fault;
  store::MemoryRecordStore memory;
  FaultyStore store(memory);
  TestRecorder recorder(store);
  const auto session = recorder.Open(TestStart(TestId(1)));
  store.fault = [] { return Fault::kBefore; };
  CHECK(recorder.End(*session).status().code() == absl::StatusCode::kUnavailable);
  CHECK(recorder.sessions.open_sessions() == 1);
  store.fault = [] { return Fault::kNone; };
  REQUIRE(recorder.sessions.Maintain().ok());
  recorder.Drain();
  CHECK(ReadRow(memory, TestId(1)).summary.end.outcome == Outcome::kTruncated);
  CHECK(recorder.sessions.open_sessions() == 0);
  CheckChain(memory, recorder.keys, TestId(1));
}

TEST_CASE("LiveSessions: an opening commit of unknown outcome leaves no running session",
          "[session_recorder]") {
  using Fault = FaultyStore::Fault;
  const auto fault = GENERATE(Fault::kUnknownCommitted, Fault::kUnknownLost);
  store::MemoryRecordStore memory;
  FaultyStore store(memory);
  TestRecorder recorder(store);
  int commits = 0;
  store.fault = [&] { return ++commits == 1 ? fault : Fault::kNone; };
  CHECK_FALSE(recorder.Open(TestStart(TestId(1))).ok());
  recorder.Drain();
  CHECK(recorder.sessions.open_sessions() == 0);
  const auto row = memory.Find(TestId(1));
  REQUIRE(row.ok());
  CHECK(row->has_value() == (fault == Fault::kUnknownCommitted));
  if (row->has_value()) CHECK((*row)->summary.end.outcome == Outcome::kTruncated);
}

TEST_CASE("LiveSessions: a lease that is not renewed for 15 s is lost and the session truncated",
          "[session_recorder]") {
  store::MemoryRecordStore store;
  TestRecorder recorder(store);
  const auto session = recorder.Open(TestStart(TestId(1)), LiveSessions::Lease::kRenewed);
  absl::Status stopped;
  recorder.sessions.OnStop(*session, [&](absl::Status why) { stopped = why; });
  recorder.clock.Advance(absl::Seconds(14));
  recorder.sessions.Tick();
  REQUIRE(recorder.sessions.Renew(*session).ok());
  recorder.clock.Advance(absl::Seconds(14));
  recorder.sessions.Tick();
  REQUIRE(recorder.Append(*session, {DataEvent("alive")}).ok());
  recorder.clock.Advance(absl::Seconds(15));
  recorder.sessions.Tick();
  CHECK(GetReason(stopped) == "lease_lost");
  recorder.Drain();
  CHECK(ReadRow(store, TestId(1)).summary.end.outcome == Outcome::kTruncated);
  CHECK(ReadRow(store, TestId(1)).epoch == 2);
  CHECK(GetReason(recorder.Append(*session, {DataEvent("late")}).status()) == "lease_lost");
  CHECK(GetReason(recorder.End(*session).status()) == "lease_lost");
  CHECK(GetReason(recorder.sessions.Renew(*session)) == "lease_lost");
  CheckChain(store, recorder.keys, TestId(1));
}

TEST_CASE("LiveSessions: a session whose handle is held needs no renewal", "[session_recorder]") {
  store::MemoryRecordStore store;
  TestRecorder recorder(store);
  const auto session = recorder.Open(TestStart(TestId(1)));
  recorder.clock.Advance(absl::Hours(1));
  recorder.sessions.Tick();
  CHECK(recorder.Append(*session, {DataEvent("x")}).ok());
}

TEST_CASE("LiveSessions: a killed session stops its writer and accepts only its end",
          "[session_recorder]") {
  store::MemoryRecordStore store;
  TestRecorder recorder(store);
  const auto session = recorder.Open(TestStart(TestId(1)));
  absl::Status stopped;
  recorder.sessions.OnStop(*session, [&](absl::Status why) { stopped = why; });
  CHECK(*recorder.sessions.Kill(TestId(1)));
  CHECK(GetReason(stopped) == "killed");
  CHECK(GetReason(recorder.Append(*session, {DataEvent("x")}).status()) == "killed");
  SECTION("the writer ends it") {
    domain::SessionEnd end;
    end.outcome = Outcome::kKilled;
    REQUIRE(recorder.End(*session, end).ok());
  }
  SECTION("the recorder ends it when the writer leaves without an end") {
    recorder.sessions.Abandon(*session);
    recorder.Drain();
  }
  CHECK(ReadRow(store, TestId(1)).summary.end.outcome == Outcome::kKilled);
  CHECK_FALSE(*recorder.sessions.Kill(TestId(1)));
  CHECK(recorder.sessions.Kill(TestId(2)).status().code() == absl::StatusCode::kNotFound);
}

TEST_CASE("LiveSessions: a kill order given to another recorder reaches the writer",
          "[session_recorder]") {
  store::MemoryRecordStore store;
  TestRecorder first(store, "node-1", false);
  TestRecorder second(store, "node-2", false);
  const auto session = first.Open(TestStart(TestId(1)));
  CHECK(*second.sessions.Kill(TestId(1)));
  REQUIRE(first.sessions.Maintain().ok());
  CHECK(GetReason(first.sessions.Renew(*session)) == "killed");
}

TEST_CASE("LiveSessions: a late answer becomes DEADLINE_EXCEEDED, once", "[session_recorder]") {
  store::MemoryRecordStore memory;
  FaultyStore store(memory);
  TestRecorder recorder(store);
  const auto session = recorder.Open(TestStart(TestId(1)));
  std::promise<void> entered, leave;
  store.fault = [&, first = true]() mutable {
    if (std::exchange(first, false)) {
      entered.set_value();
      leave.get_future().wait();
    }
    return FaultyStore::Fault::kNone;
  };
  std::vector<absl::Status> answers;
  recorder.sessions.Append(
      *session, {DataEvent("x")}, recorder.clock.Now() + absl::Seconds(1),
      [&](absl::StatusOr<std::uint32_t> result) { answers.push_back(result.status()); });
  entered.get_future().wait();
  recorder.clock.Advance(absl::Seconds(2));
  recorder.sessions.Tick();
  leave.set_value();
  recorder.Drain();
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].code() == absl::StatusCode::kDeadlineExceeded);
}

TEST_CASE("LiveSessions: small writes do not wait for large ones, except within a session",
          "[session_recorder]") {
  store::MemoryRecordStore memory;
  FaultyStore store(memory);
  TestRecorder recorder(store);
  const auto large = recorder.Open(TestStart(TestId(1)));
  const auto small = recorder.Open(TestStart(TestId(2)));
  std::promise<void> entered, leave;
  store.fault = [&, first = std::make_shared<std::atomic<bool>>(true)] {
    if (first->exchange(false)) {
      entered.set_value();
      leave.get_future().wait();
    }
    return FaultyStore::Fault::kNone;
  };
  std::promise<std::uint32_t> one, two, three;
  const auto append = [&](const auto& session, const std::string& text,
                          std::promise<std::uint32_t>& last) {
    recorder.sessions.Append(*session, {DataEvent(text)}, absl::InfiniteFuture(),
                             [&last](auto result) { last.set_value(result.value_or(0)); });
  };
  append(large, std::string(1u << 20, 'x'), one);
  entered.get_future().wait();
  append(large, "y", two);
  append(small, "z", three);
  CHECK(three.get_future().get() == 2);
  auto second = two.get_future();
  CHECK(second.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
  leave.set_value();
  CHECK(one.get_future().get() == 2);
  CHECK(second.get() == 3);
  CheckChain(memory, recorder.keys, TestId(1));
}

TEST_CASE("LiveSessions: one session's refusal does not affect others in its batch",
          "[session_recorder]") {
  store::MemoryRecordStore memory;
  FaultyStore store(memory);
  TestRecorder recorder(store);
  const auto taken = recorder.Open(TestStart(TestId(1)));
  const auto other = recorder.Open(TestStart(TestId(2)));
  memory.sessions().at(TestId(1)).row.epoch = 7;  // another recorder has taken it over
  std::promise<void> entered, leave;
  store.fault = [&, first = true]() mutable {
    if (std::exchange(first, false)) {
      entered.set_value();
      leave.get_future().wait();
    }
    return FaultyStore::Fault::kNone;
  };
  std::thread blocker([&] { recorder.Drain(); });
  entered.get_future().wait();
  std::promise<absl::Status> one, two;
  recorder.sessions.Append(*taken, {DataEvent("x")}, absl::InfiniteFuture(),
                           [&](absl::StatusOr<std::uint32_t> r) { one.set_value(r.status()); });
  recorder.sessions.Append(*other, {DataEvent("y")}, absl::InfiniteFuture(),
                           [&](absl::StatusOr<std::uint32_t> r) { two.set_value(r.status()); });
  leave.set_value();
  blocker.join();
  CHECK(GetReason(one.get_future().get()) == "lease_lost");
  CHECK(two.get_future().get().ok());
  CheckChain(memory, recorder.keys, TestId(2));
}

TEST_CASE("LiveSessions: acknowledged events survive any fault of the store, in one chain",
          "[session_recorder][property]") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 dice(seed);
  store::MemoryRecordStore memory;
  FaultyStore store(memory);
  store.fault = [&dice] {
    const auto roll = dice() % 20;
    return roll < 16 ? FaultyStore::Fault::kNone : static_cast<FaultyStore::Fault>(roll - 16);
  };
  constexpr int kSessions = 24;
  TestKeyRing keys;
  std::vector<std::vector<std::string>> acknowledged(kSessions);
  std::vector<std::optional<Outcome>> ended(kSessions);
  {
    TestRecorder recorder(store);
    std::vector<std::thread> writers;
    for (int n = 0; n < kSessions; ++n) {
      writers.emplace_back([&, n] {
        const auto session = recorder.Open(TestStart(TestId(n)));
        if (!session.ok()) return;
        acknowledged[n].push_back("request");
        for (int piece = 0; piece < 30; ++piece) {
          const std::string text = std::to_string(piece);
          if (!recorder.Append(*session, {DataEvent(text)}).ok()) break;
          acknowledged[n].push_back(text);
        }
        const bool whole = acknowledged[n].size() == 31;
        // An end after lost events must not say that the answer was complete.
        if (recorder.End(*session).ok()) ended[n] = whole ? Outcome::kCompleted : Outcome::kAborted;
      });
    }
    for (std::thread& writer : writers) writer.join();
  }
  store.fault = [] { return FaultyStore::Fault::kNone; };
  TestRecorder after(store, "node-2");  // as after a kill -9
  REQUIRE(after.sessions.Maintain().ok());
  after.Drain();
  for (int n = 0; n < kSessions; ++n) {
    if (acknowledged[n].empty()) continue;
    INFO("session " << n);
    CheckChain(memory, keys, TestId(n));
    const SessionRow row = ReadRow(memory, TestId(n));
    CHECK_FALSE(row.summary.running());
    if (ended[n]) CHECK(row.summary.end.outcome == *ended[n]);
    const auto key = keys.Unwrap(row.id, row.data_key);
    std::vector<std::string> recorded;
    for (const SealedEvent& event : memory.sessions().at(row.id).events) {
      if (event.type == "request") recorded.push_back("request");
      if (event.type != "response.data") continue;
      recorded.push_back(
          *domain::ReadResponseDataPayload(*chain::OpenPayload(*key, row.id, event)));
    }
    REQUIRE(recorded.size() >= acknowledged[n].size());
    recorded.resize(acknowledged[n].size());
    CHECK(recorded == acknowledged[n]);
  }
}

}  // namespace countersign::session_recorder::live
