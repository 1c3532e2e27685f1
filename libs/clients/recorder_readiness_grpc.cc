#include "libs/clients/recorder_readiness_grpc.h"

#include <grpcpp/channel.h>

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "countersign/recorder/v1/recorder.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/base/mutex.h"
#include "libs/clients/call_group.h"

namespace countersign::clients {
namespace {

namespace v1 = countersign::recorder::v1;
using SteadyTime = std::chrono::steady_clock::time_point;
constexpr absl::Duration kTimeout = absl::Seconds(2);

}  // namespace

struct RecorderReadiness::State {
  std::unique_ptr<v1::RecorderService::Stub> stub;
  absl::Duration every;
  std::chrono::nanoseconds believed;
  mutable Mutex mutex;
  std::string not_ready CS_GUARDED_BY(mutex);
  // Of the newest answer; at first, of the start.
  SteadyTime answered CS_GUARDED_BY(mutex) = std::chrono::steady_clock::now();
  std::unique_ptr<async::RetryLoop> loop;

  absl::Duration Ask(std::stop_token stop) {
    grpc::ClientContext context;
    const std::stop_callback cancel(std::move(stop), [&] { context.TryCancel(); });
    Prepare(context, nullptr, SystemClock().Now() + kTimeout);
    v1::GetReadinessResponse response;
    const grpc::Status status = stub->GetReadiness(&context, {}, &response);
    const bool is_older = status.error_code() == grpc::StatusCode::UNIMPLEMENTED ||
                          status.error_code() == grpc::StatusCode::PERMISSION_DENIED;
    if (status.ok() || is_older) {
      const MutexLock lock(mutex);
      not_ready = response.not_ready();
      answered = std::chrono::steady_clock::now();
    }
    return every;
  }
};

RecorderReadiness::RecorderReadiness(const std::shared_ptr<grpc::Channel>& recorder,
                                     absl::Duration every, absl::Duration believed)
    : state_(std::make_unique<State>()) {
  state_->stub = v1::RecorderService::NewStub(recorder);
  state_->every = every;
  state_->believed = absl::ToChronoNanoseconds(believed);
  state_->loop = std::make_unique<async::RetryLoop>(
      [state = state_.get()](std::stop_token stop) { return state->Ask(std::move(stop)); });
}
RecorderReadiness::~RecorderReadiness() { state_->loop.reset(); }

std::string RecorderReadiness::NotReady() const {
  const MutexLock lock(state_->mutex);
  if (!state_->not_ready.empty()) return absl::StrCat("session recorder: ", state_->not_ready);
  if (std::chrono::steady_clock::now() - state_->answered < state_->believed) return "";
  return "session recorder: it cannot be reached";
}

}  // namespace countersign::clients
