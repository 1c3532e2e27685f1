#include "services/session_recorder/api/record_conversation.h"

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "libs/base/mutex.h"
#include "libs/base/status.h"
#include "services/session_recorder/store/record_store_memory.h"
#include "services/session_recorder/testing/fake_record_stream.h"
#include "services/session_recorder/testing/test_recorder.h"

namespace countersign::session_recorder::api {
namespace {

namespace v1 = recorder::v1;
using domain::Outcome;

// A store whose commits block until the test releases them.
class GatedStore final : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;

  void Close() {
    const MutexLock lock(mutex_);
    open_ = false;
  }
  void Open() {
    const MutexLock lock(mutex_);
    open_ = true;
    changed_.NotifyAll();
  }
  absl::StatusOr<std::set<std::string>> Commit(std::vector<store::SessionWrite> writes) override {
    {
      const MutexLock lock(mutex_);
      changed_.Wait(mutex_, [this]() CS_REQUIRES(mutex_) { return open_; });
    }
    return ForwardingStore::Commit(std::move(writes));
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool open_ CS_GUARDED_BY(mutex_) = true;
};

struct Fixture {
  Fixture() {
    stream.Attach(*conversation);
    conversation->Start();
  }
  ~Fixture() {
    gate.Open();
    conversation->OnCancelled();
  }

  static v1::RecordRequest StartRequest() {
    v1::RecordRequest request;
    request.mutable_start()->set_session_id(TestId(1));
    request.mutable_start()->set_connection("openai");
    return request;
  }
  static v1::RecordRequest DataRequest(const std::string& text) {
    v1::RecordRequest request;
    const domain::SessionEvent event = DataEvent(text);
    request.add_events()->set_type(std::string(event.type));
    request.mutable_events(0)->set_payload(event.payload);
    return request;
  }
  static v1::RecordRequest EndRequest(const std::string& outcome = "completed") {
    v1::RecordRequest request;
    request.mutable_end()->set_outcome(outcome);
    return request;
  }
  // Sends a request, waits for its commit, and reads its answer from the stream.
  void Say(const v1::RecordRequest& request) {
    conversation->OnRequest(request);
    recorder.Drain();
    conversation->OnWritten();
  }
  SessionRow Row() {
    const auto row = memory.Find(TestId(1));
    REQUIRE((row.ok() && row->has_value()));
    return **row;
  }

  store::MemoryRecordStore memory;
  GatedStore gate{memory};
  TestRecorder recorder{gate};
  FakeRecordStream stream;
  std::shared_ptr<RecordConversation> conversation = std::make_shared<RecordConversation>(
      recorder.sessions, std::make_shared<const domain::Principal>(TestPrincipal()), stream);
};

TEST_CASE(
    "RecordConversation: each request is answered when it is durable, and the next is asked for",
    "[session_recorder]") {
  Fixture f;
  CHECK(f.stream.reads() == 1);
  f.Say(Fixture::StartRequest());
  f.Say(Fixture::DataRequest("a"));
  f.Say(Fixture::EndRequest());
  const auto written = f.stream.written();
  REQUIRE(written.size() == 3);
  CHECK(written[0].last_index() == 1);
  CHECK(written[1].last_index() == 2);
  CHECK(written[2].last_index() == 3);
  CHECK(f.stream.reads() == 4);
  CHECK_FALSE(f.stream.finished().has_value());
  f.conversation->OnHalfClose();
  CHECK(f.stream.finished() == absl::OkStatus());
  CHECK(f.Row().summary.end.outcome == Outcome::kCompleted);
}

TEST_CASE("RecordConversation: the number of outstanding requests is bounded",
          "[session_recorder]") {
  Fixture f;
  f.gate.Close();
  f.conversation->OnRequest(Fixture::StartRequest());
  for (std::size_t i = 1; i < RecordConversation::kOutstanding; ++i) {
    REQUIRE(f.stream.reads() == i + 1);
    f.conversation->OnRequest(Fixture::DataRequest(std::to_string(i)));
  }
  CHECK(f.stream.reads() == RecordConversation::kOutstanding);  // no more are read
  CHECK(f.stream.written().empty());
  f.gate.Open();
  f.recorder.Drain();
  CHECK(f.stream.written().size() == 1);  // one write at a time
  CHECK(f.stream.reads() == RecordConversation::kOutstanding + 1);
  for (std::size_t i = 1; i < RecordConversation::kOutstanding; ++i) f.conversation->OnWritten();
  const auto written = f.stream.written();
  REQUIRE(written.size() == RecordConversation::kOutstanding);
  for (std::size_t i = 0; i < written.size(); ++i) CHECK(written[i].last_index() == i + 1);
}

TEST_CASE("RecordConversation: a stream that ends before its session leaves it truncated",
          "[session_recorder]") {
  Fixture f;
  f.Say(Fixture::StartRequest());
  SECTION("half-closed") {
    f.conversation->OnHalfClose();
    CHECK(f.stream.finished() == absl::OkStatus());
  }
  SECTION("cancelled") {
    f.conversation->OnCancelled();
    CHECK(absl::IsCancelled(f.stream.finished().value_or(absl::OkStatus())));
  }
  f.recorder.Drain();
  CHECK(f.Row().summary.end.outcome == Outcome::kTruncated);
}

TEST_CASE("RecordConversation: it finishes once, and writes nothing afterwards",
          "[session_recorder]") {
  Fixture f;
  f.gate.Close();
  f.conversation->OnRequest(Fixture::StartRequest());
  f.conversation->OnCancelled();
  f.conversation->OnCancelled();
  f.gate.Open();
  f.recorder.Drain();
  CHECK(f.stream.finishes() == 1);
  CHECK(f.stream.written().empty());
}

TEST_CASE("RecordConversation: after a half-close it waits for an outstanding end",
          "[session_recorder]") {
  Fixture f;
  f.Say(Fixture::StartRequest());
  f.gate.Close();
  f.conversation->OnRequest(Fixture::EndRequest());
  f.conversation->OnHalfClose();
  CHECK_FALSE(f.stream.finished().has_value());
  f.gate.Open();
  f.recorder.Drain();
  CHECK(f.stream.written().size() == 2);
  CHECK_FALSE(f.stream.finished().has_value());  // its answer is still being written
  f.conversation->OnWritten();
  CHECK(f.stream.finished() == absl::OkStatus());
  CHECK(f.Row().summary.end.outcome == Outcome::kCompleted);
}

TEST_CASE("RecordConversation: only the first request has the start", "[session_recorder]") {
  {
    Fixture f;
    f.conversation->OnRequest(Fixture::DataRequest("a"));
    CHECK(absl::IsInvalidArgument(f.stream.finished().value_or(absl::OkStatus())));
    CHECK_FALSE(f.memory.Find(TestId(1))->has_value());
  }
  Fixture f;
  f.Say(Fixture::StartRequest());
  f.conversation->OnRequest(Fixture::StartRequest());
  CHECK(absl::IsInvalidArgument(f.stream.finished().value_or(absl::OkStatus())));
}

TEST_CASE("RecordConversation: a killed session's answers say so, and it may still end",
          "[session_recorder]") {
  Fixture f;
  f.Say(Fixture::StartRequest());
  REQUIRE(*f.recorder.sessions.Kill(TestId(1)));
  CHECK_FALSE(f.stream.finished().has_value());
  f.Say(Fixture::DataRequest("x"));
  f.Say(Fixture::EndRequest("killed"));
  const auto written = f.stream.written();
  REQUIRE(written.size() == 3);
  CHECK_FALSE(written[0].killed());
  CHECK(written[1].killed());
  CHECK(f.Row().summary.end.outcome == Outcome::kKilled);
}

TEST_CASE("RecordConversation: a renewal is answered at once and extends the lease",
          "[session_recorder]") {
  Fixture f;
  f.Say(Fixture::StartRequest());
  v1::RecordRequest renew;
  renew.set_renew(true);
  for (int i = 0; i < 3; ++i) {
    f.recorder.clock.Advance(absl::Seconds(10));
    f.conversation->OnRequest(renew);
    f.conversation->OnWritten();
    f.recorder.sessions.Tick();
  }
  CHECK(f.stream.written().size() == 4);
  CHECK_FALSE(f.stream.finished().has_value());
  f.recorder.clock.Advance(absl::Seconds(16));
  f.recorder.sessions.Tick();
  REQUIRE(f.stream.finished().has_value());
  CHECK(GetReason(*f.stream.finished()) == "lease_lost");
}

}  // namespace
}  // namespace countersign::session_recorder::api
