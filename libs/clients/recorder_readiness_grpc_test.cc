#include "libs/clients/recorder_readiness_grpc.h"

#include <catch2/catch.hpp>
#include <string>
#include <utility>

#include "countersign/recorder/v1/recorder.grpc.pb.h"
#include "libs/base/mutex.h"
#include "libs/clients/testing/scripted_stream.h"
#include "libs/rpc/handler.h"

namespace countersign::clients {
namespace {

namespace v1 = countersign::recorder::v1;

struct Recorder final : v1::RecorderService::CallbackService {
  Mutex mutex;
  CondVar asked_again;
  int asked CS_GUARDED_BY(mutex) = 0;
  std::string not_ready CS_GUARDED_BY(mutex);
  absl::Status status CS_GUARDED_BY(mutex);

  grpc::ServerUnaryReactor* GetReadiness(grpc::CallbackServerContext* context,
                                         const v1::GetReadinessRequest*,
                                         v1::GetReadinessResponse* answer) override {
    const MutexLock lock(mutex);
    ++asked;
    asked_again.NotifyAll();
    answer->set_not_ready(not_ready);
    return rpc::FinishInline(context, [result = status] { return result; });
  }
  // Returns once an answer that was set before this call has arrived.
  void AwaitAnswer() {
    const MutexLock lock(mutex);
    // The question after the next is asked when the next one's answer was taken.
    const int until = asked + 2;
    while (asked < until) asked_again.Wait(mutex);
  }
  void Set(std::string reason, absl::Status with = absl::OkStatus()) {
    {
      const MutexLock lock(mutex);
      not_ready = std::move(reason);
      status = std::move(with);
    }
    AwaitAnswer();
  }
};

constexpr absl::Duration kOften = absl::Milliseconds(1);

TEST_CASE("RecorderReadiness: gives the recorder's reason, and forgets it with the next answer",
          "[clients]") {
  Recorder service;
  InProcessServer server{{&service}};
  RecorderReadiness readiness(server.channel(), kOften);
  CHECK(readiness.NotReady().empty());
  service.Set("nothing can be recorded: disk full");
  CHECK(readiness.NotReady() == "session recorder: nothing can be recorded: disk full");
  service.Set("");
  CHECK(readiness.NotReady().empty());
  service.Set("", absl::UnimplementedError("older"));
  CHECK(readiness.NotReady().empty());
}

TEST_CASE("RecorderReadiness: without answers it is not ready after a while", "[clients]") {
  Recorder service;
  InProcessServer server{{&service}};
  RecorderReadiness believed(server.channel(), kOften, absl::Hours(1));
  RecorderReadiness doubted(server.channel(), kOften, absl::ZeroDuration());
  service.Set("", absl::UnavailableError("down"));
  CHECK(believed.NotReady().empty());
  CHECK(doubted.NotReady() == "session recorder: it cannot be reached");
}

}  // namespace
}  // namespace countersign::clients
