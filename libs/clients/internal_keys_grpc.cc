#include "libs/clients/internal_keys_grpc.h"

#include <grpcpp/channel.h>

#include <mutex>
#include <utility>

#include "countersign/authn/v1/authn.grpc.pb.h"
#include "libs/base/clock.h"
#include "libs/clients/call_group.h"
#include "libs/clients/rounds.h"
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
  std::mutex mutex;
  std::shared_ptr<const jose::JwkSet> keys;
  absl::Time fetched = absl::InfinitePast();  // start of the last fetch
  std::unique_ptr<Rounds> rounds;

  absl::Duration Fetch(const Rounds::Context& context) {
    {
      const std::lock_guard<std::mutex> lock(mutex);
      fetched = SystemClock().Now();
    }
    Prepare(*context, nullptr, SystemClock().Now() + kTimeout);
    v1::GetInternalKeysResponse response;
    const grpc::Status status = stub->GetInternalKeys(context.get(), {}, &response);
    if (!status.ok()) {
      log::Debug("internal keys cannot be fetched", {{"reason", status.error_message()}});
      return kLeastBetween;
    }
    absl::StatusOr<jose::JwkSet> set = jose::ParseJwkSet(response.jwks());
    if (!set.ok() || set->keys.empty()) {
      log::Error("authn's internal keys cannot be read", {{"status", set.status()}});
      return kLeastBetween;
    }
    const std::lock_guard<std::mutex> lock(mutex);
    keys = std::make_shared<const jose::JwkSet>(*std::move(set));
    return refresh;
  }
};

GrpcInternalKeys::GrpcInternalKeys(std::shared_ptr<grpc::Channel> authn, absl::Duration refresh)
    : state_(std::make_unique<State>()) {
  state_->stub = v1::AuthnService::NewStub(authn);
  state_->refresh = refresh;
  state_->rounds = std::make_unique<Rounds>(
      [state = state_.get()](const Rounds::Context& context) { return state->Fetch(context); });
}
GrpcInternalKeys::~GrpcInternalKeys() { state_->rounds.reset(); }

std::shared_ptr<const jose::JwkSet> GrpcInternalKeys::Current() {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->keys;
}

void GrpcInternalKeys::RequestRefresh() {
  {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    const absl::Time now = SystemClock().Now();
    if (now - state_->fetched < kLeastBetween && now >= state_->fetched) return;
  }
  state_->rounds->CutPause();
}

}  // namespace countersign::clients
