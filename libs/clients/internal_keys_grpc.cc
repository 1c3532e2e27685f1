#include "libs/clients/internal_keys_grpc.h"

#include <grpcpp/channel.h>

#include <utility>

#include "countersign/authn/v1/authn.grpc.pb.h"
#include "libs/async/retry_loop.h"
#include "libs/base/clock.h"
#include "libs/base/mutex.h"
#include "libs/clients/call_group.h"
#include "libs/log/log.h"

namespace countersign::clients {
namespace {

namespace v1 = countersign::authn::v1;
constexpr absl::Duration kTimeout = absl::Seconds(5);
constexpr absl::Duration kLeastBetween = absl::Seconds(1);

}  // namespace

struct GrpcInternalKeys::State {
  std::unique_ptr<v1::AuthnService::Stub> stub;
  absl::Duration refresh;
  Mutex mutex;
  std::shared_ptr<const jose::JwkSet> keys CS_GUARDED_BY(mutex);
  // Start of the last fetch.
  absl::Time fetched CS_GUARDED_BY(mutex) = absl::InfinitePast();
  std::unique_ptr<async::RetryLoop> loop;

  absl::Duration Fetch(std::stop_token stop) {
    {
      const MutexLock lock(mutex);
      fetched = SystemClock().Now();
    }
    grpc::ClientContext context;
    const std::stop_callback cancel(std::move(stop), [&] { context.TryCancel(); });
    Prepare(context, nullptr, SystemClock().Now() + kTimeout);
    v1::GetInternalKeysResponse response;
    const grpc::Status status = stub->GetInternalKeys(&context, {}, &response);
    if (!status.ok()) {
      log::Debug("internal keys cannot be fetched", {{"reason", status.error_message()}});
      return kLeastBetween;
    }
    absl::StatusOr<jose::JwkSet> set = jose::ParseJwkSet(response.jwks());
    if (!set.ok() || set->keys.empty()) {
      log::Error("authn's internal keys cannot be read", {{"status", set.status()}});
      return kLeastBetween;
    }
    const MutexLock lock(mutex);
    keys = std::make_shared<const jose::JwkSet>(*std::move(set));
    return refresh;
  }
};

GrpcInternalKeys::GrpcInternalKeys(std::shared_ptr<grpc::Channel> authn, absl::Duration refresh)
    : state_(std::make_unique<State>()) {
  state_->stub = v1::AuthnService::NewStub(authn);
  state_->refresh = refresh;
  state_->loop = std::make_unique<async::RetryLoop>(
      [state = state_.get()](std::stop_token stop) { return state->Fetch(std::move(stop)); });
}
GrpcInternalKeys::~GrpcInternalKeys() { state_->loop.reset(); }

std::shared_ptr<const jose::JwkSet> GrpcInternalKeys::Current() {
  const MutexLock lock(state_->mutex);
  return state_->keys;
}

void GrpcInternalKeys::RequestRefresh() {
  {
    const MutexLock lock(state_->mutex);
    const absl::Time now = SystemClock().Now();
    if (now - state_->fetched < kLeastBetween && now >= state_->fetched) return;
  }
  state_->loop->RunNow();
}

}  // namespace countersign::clients
