#include "services/session_recorder/session_recorder.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <thread>

#include "libs/async/testing/manual_pause.h"
#include "libs/base/status.h"
#include "libs/testing/temporary_folder.h"
#include "services/session_recorder/audit/answer_text.h"
#include "services/session_recorder/exports/checkpoint_file.h"
#include "services/session_recorder/store/record_store_memory.h"
#include "services/session_recorder/summary.h"
#include "services/session_recorder/testing/archive.h"
#include "services/session_recorder/testing/live_sessions_fixture.h"
#include "services/session_recorder/testing/test_recorder.h"

namespace countersign::session_recorder {
namespace {

using async::testing::ManualPause;

// Pauses that last until the test ends them.
struct Pauses {
  std::shared_ptr<ManualPause> sessions = std::make_shared<ManualPause>();
  std::shared_ptr<ManualPause> deadlines = std::make_shared<ManualPause>();
  std::shared_ptr<ManualPause> checkpoints = std::make_shared<ManualPause>();
  std::shared_ptr<ManualPause> texts = std::make_shared<ManualPause>();

  RecorderOptions Options() const {
    RecorderOptions options;
    options.pauses = {sessions, deadlines, checkpoints, texts};
    return options;
  }
};

}  // namespace

TEST_CASE("SessionRecorder: is ready after `prepare` and closes sessions left running",
          "[session_recorder]") {
  store::MemoryRecordStore store;
  TestRecorder before(store, "node-0");
  REQUIRE(before.Open(TestStart(TestId(1))).ok());
  metrics::Registry registry;
  TestKeyRing keys;
  testing::FakeClock clock;
  SystemRandom random;
  const Pauses pauses;
  RecorderOptions options = pauses.Options();
  options.sessions.node = "node-1";
  SessionRecorder recorder(store, {keys, crypto::SigningKey::Generate()}, clock, random, registry,
                           options);
  CHECK(recorder.NotReady() == "no database");
  int prepared = 0;
  recorder.Start([&] {
    ++prepared;
    return absl::OkStatus();
  });
  pauses.sessions->AwaitPause();
  CHECK(recorder.NotReady().empty());
  // Its end is committed by the committer's thread.
  while ((*store.Find(TestId(1)))->summary.running()) std::this_thread::yield();
  CHECK((*store.Find(TestId(1)))->summary.end.outcome == domain::Outcome::kTruncated);
  pauses.checkpoints->Pass();
  CHECK(store.LastCheckpoint()->has_value());
  pauses.sessions->Pass();
  CHECK(prepared == 1);
  const std::string exposed = registry.Expose();
  for (const char* name : {"countersign_recorder_commit_seconds_count",
                           "countersign_recorder_lag_seconds", "countersign_sessions_open"}) {
    INFO(exposed);
    CHECK(exposed.find(name) != std::string::npos);
  }
}

TEST_CASE("SessionRecorder: is not ready while `prepare` fails", "[session_recorder]") {
  store::MemoryRecordStore store;
  metrics::Registry registry;
  TestKeyRing keys;
  testing::FakeClock clock;
  SystemRandom random;
  const Pauses pauses;
  SessionRecorder recorder(store, {keys, crypto::SigningKey::Generate()}, clock, random, registry,
                           pauses.Options());
  int tries = 0;
  recorder.Start([&] {
    return ++tries < 3 ? absl::UnavailableError("database unavailable") : absl::OkStatus();
  });
  pauses.sessions->AwaitPause();
  CHECK(tries == 1);
  CHECK(recorder.NotReady() == "no database: database unavailable");
  pauses.checkpoints->Pass();
  CHECK_FALSE(store.LastCheckpoint()->has_value());
  pauses.sessions->Pass();
  CHECK(recorder.NotReady() == "no database: database unavailable");
  pauses.sessions->Pass();
  CHECK(tries == 3);
  CHECK(recorder.NotReady().empty());
}

TEST_CASE("SessionRecorder: records nothing on a record that was set back", "[session_recorder]") {
  Archive archive(2);
  countersign::testing::TemporaryFolder folder;
  exports::CheckpointFile newest(folder / "newest");
  REQUIRE(newest.Publish(archive.store.checkpoints().back()).ok());
  archive.store.checkpoints().resize(1);
  metrics::Registry registry;
  RecorderOptions options;
  options.checkpoints.sinks = {&newest};
  SessionRecorder recorder(archive.store, {archive.recorder.keys, archive.key},
                           archive.recorder.clock, archive.recorder.random, registry,
                           std::move(options));
  const auto append = [&] {
    const auto session = recorder.sessions().NewSession(TestStart(TestId(7)), TestPrincipal(),
                                                        live::LiveSessions::Lease::kHeld);
    std::promise<absl::Status> answer;
    recorder.sessions().Append(
        session, {}, archive.recorder.clock.Now() + absl::Seconds(5),
        [&](absl::StatusOr<std::uint32_t> index) { answer.set_value(index.status()); });
    return answer.get_future().get();
  };
  CHECK(absl::IsUnavailable(append()));  // not checked yet
  recorder.Start([] { return absl::OkStatus(); });
  while (recorder.NotReady() == "no database") std::this_thread::yield();
  CHECK(recorder.NotReady() == "the record was set back or changed: see the log");
  const absl::Status refused = append();
  CHECK(absl::IsUnavailable(refused));
  CHECK(refused.message() == "the stored record was set back or changed");
}

TEST_CASE("SessionRecorder: is not ready while nothing can be recorded, and says why",
          "[session_recorder]") {
  store::MemoryRecordStore memory;
  FaultyStore store(memory);
  std::atomic<bool> full = false;
  store.fault = [&] { return full ? FaultyStore::Fault::kBefore : FaultyStore::Fault::kNone; };
  metrics::Registry registry;
  TestKeyRing keys;
  testing::FakeClock clock;
  SystemRandom random;
  const Pauses pauses;
  SessionRecorder recorder(store, {keys, crypto::SigningKey::Generate()}, clock, random, registry,
                           pauses.Options());
  recorder.Start([] { return absl::OkStatus(); });
  pauses.sessions->AwaitPause();
  CHECK(recorder.NotReady().empty());
  full = true;
  std::promise<absl::Status> answered;
  const auto session = recorder.sessions().NewSession(TestStart(TestId(1)), TestPrincipal(),
                                                      live::LiveSessions::Lease::kHeld);
  recorder.sessions().Append(
      session, {}, absl::InfiniteFuture(),
      [&](const absl::StatusOr<std::uint32_t>& result) { answered.set_value(result.status()); });
  REQUIRE_FALSE(answered.get_future().get().ok());
  CHECK(recorder.NotReady() == "nothing can be recorded: database unavailable");
  full = false;
  pauses.sessions->Pass();
  CHECK(recorder.NotReady().empty());
}

TEST_CASE("Summarize: columns contain only what PostgreSQL can store and index",
          "[session_recorder]") {
  domain::SessionStart start = TestStart(TestId(1));
  auto prompt = std::make_shared<domain::Prompt>();
  prompt->model = std::string("a\0b", 3) + std::string(2000, 'x') + "\xc3\xa9";
  start.prompt = prompt;
  start.connection = std::string(511, 'c') + "\xc3\xa9";
  SessionSummary summary;
  REQUIRE(Summarize("request", domain::RequestPayload(start, TestPrincipal()), summary).ok());
  CHECK(summary.model.substr(0, 5) ==
        "a\xef\xbf\xbd"
        "b");
  CHECK(summary.model.size() <= 520);
  CHECK(summary.connection == std::string(511, 'c'));  // cut between characters
}

TEST_CASE("Summarize: a malformed payload changes nothing", "[session_recorder]") {
  SessionSummary summary;
  summary.policy = "p";
  for (const char* type :
       {"request", "decision", "review.waiting", "review.approved", "review.denied",
        "review.expired", "review.revoked", "review.consumed", "end"}) {
    CHECK_FALSE(Summarize(type, "{\"", summary).ok());
    CHECK_FALSE(Summarize(type, "[]", summary).ok());
  }
  CHECK(summary.policy == "p");
  CHECK(summary.running());
}

namespace {

bool Contains(const audit::AnswerText& answer, absl::string_view needle) {
  bool found = false;
  answer.ForEach([&](absl::string_view text) {
    found = audit::ContainsCaseless(text, needle);
    return !found;
  });
  return found;
}

}  // namespace

TEST_CASE("AnswerText: finds text across pieces, per choice, in either case",
          "[session_recorder]") {
  audit::AnswerText text;
  text.Add("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel\"}}]}\n\n");
  text.Add("data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"XX\"}}]}\n\n");
  text.Add("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"lo \\u00e9\"}}]}\n\n");
  text.Add("data: [DONE]\n\n");
  text.Add(
      "event: x\ndata: "
      "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"text\":\"Anthropic\"}}\n\n");
  CHECK(Contains(text, "HELLO \xc3\xa9"));
  CHECK(Contains(text, "xx"));
  CHECK(Contains(text, "anthropic"));
  CHECK_FALSE(Contains(text, "HelXX"));
  CHECK_FALSE(Contains(text, "choices"));
}

TEST_CASE("AnswerText: payloads that are not JSON are searched as text", "[session_recorder]") {
  audit::AnswerText text;
  text.Add("plain te");
  text.Add("xt");
  CHECK(Contains(text, "plain text"));
}

}  // namespace countersign::session_recorder
