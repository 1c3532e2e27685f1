#include "services/session_recorder/live/local_recorder.h"

#include <catch2/catch.hpp>
#include <future>

#include "services/session_recorder/store/record_store_memory.h"
#include "services/session_recorder/testing/live_sessions_fixture.h"
#include "services/session_recorder/testing/test_recorder.h"

namespace countersign::session_recorder::live {

using domain::Outcome;

TEST_CASE("LocalRecorder: a writer destroyed without an end leaves a truncated session",
          "[session_recorder]") {
  store::MemoryRecordStore store;
  TestRecorder recorder(store);
  LocalRecorder local(recorder.sessions);
  domain::Call call;
  call.principal = std::make_shared<domain::Principal>(TestPrincipal());
  std::unique_ptr<domain::SessionWriter> writer = local.NewSession(call, TestStart(TestId(1)));
  std::promise<absl::Status> answer;
  writer->Append({DataEvent("x")}, absl::InfiniteFuture(),
                 [&](absl::Status status) { answer.set_value(status); });
  CHECK(answer.get_future().get().ok());
  SECTION("destroyed") {
    writer.reset();
    recorder.Drain();
    CHECK(ReadRow(store, TestId(1)).summary.end.outcome == Outcome::kTruncated);
  }
  SECTION("ended first") {
    std::promise<absl::Status> end;
    writer->End({}, Completed(), absl::InfiniteFuture(),
                [&](absl::Status status) { end.set_value(status); });
    CHECK(end.get_future().get().ok());
    writer.reset();
    recorder.Drain();
    CHECK(ReadRow(store, TestId(1)).summary.end.outcome == Outcome::kCompleted);
  }
}

}  // namespace countersign::session_recorder::live
