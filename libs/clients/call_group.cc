#include "libs/clients/call_group.h"

#include <algorithm>

#include "libs/base/clock.h"
#include "libs/rpc/callback_threads.h"
#include "libs/rpc/caller.h"

namespace countersign::clients {
namespace {
constexpr absl::Duration kLongest = absl::Hours(1);
}  // namespace

CallGroup::CallGroup() { rpc::KeepCallbackThreads(); }

CallGroup::~CallGroup() {
  const MutexLock lock(mutex_);
  stopping_ = true;
  for (grpc::ClientContext* context : outstanding_) context->TryCancel();
  empty_.Wait(mutex_, [this]() CS_REQUIRES(mutex_) { return outstanding_.empty(); });
}

void CallGroup::Add(grpc::ClientContext* context) {
  const MutexLock lock(mutex_);
  outstanding_.insert(context);
  if (stopping_) context->TryCancel();
}

void CallGroup::Remove(grpc::ClientContext* context) {
  const MutexLock lock(mutex_);
  outstanding_.erase(context);
  if (outstanding_.empty()) empty_.NotifyAll();
}

void AddIdentity(grpc::ClientContext& context, const domain::Call& call) {
  if (call.internal_token != nullptr) {
    context.AddMetadata(rpc::kInternalTokenKey, call.internal_token->Reveal());
  }
}

void Prepare(grpc::ClientContext& context, const domain::Call* call, absl::Time deadline) {
  context.set_deadline(absl::ToChronoTime(std::min(deadline, SystemClock().Now() + kLongest)));
  if (call != nullptr) AddIdentity(context, *call);
}

}  // namespace countersign::clients
