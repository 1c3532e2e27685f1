#include "libs/rpc/active_calls.h"

#include <memory>
#include <utility>

namespace countersign::rpc {
namespace {

using grpc::experimental::InterceptionHookPoints;

class Counted final : public grpc::experimental::Interceptor {
 public:
  explicit Counted(ActiveCalls& calls) : calls_(calls) { calls_.Begin(); }
  ~Counted() override { End(); }

  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(InterceptionHookPoints::PRE_SEND_STATUS)) End();
    methods->Proceed();
  }

 private:
  void End() {
    if (!std::exchange(ended_, true)) calls_.End();
  }

  ActiveCalls& calls_;
  bool ended_ = false;
};

class Factory final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit Factory(ActiveCalls& calls) : calls_(calls) {}
  grpc::experimental::Interceptor* CreateServerInterceptor(
      grpc::experimental::ServerRpcInfo* /*info*/) override {
    return new Counted(calls_);  // gRPC takes ownership.
  }

 private:
  ActiveCalls& calls_;
};

}  // namespace

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> ActiveCalls::Count() {
  return std::make_unique<Factory>(*this);
}

void ActiveCalls::Begin() {
  const MutexLock lock(mutex_);
  ++active_;
}

void ActiveCalls::End() {
  const MutexLock lock(mutex_);
  if (--active_ == 0) changed_.NotifyAll();
}

bool ActiveCalls::AwaitNone(absl::Duration timeout) {
  const MutexLock lock(mutex_);
  return changed_.WaitFor(mutex_, timeout, [this]() CS_REQUIRES(mutex_) { return active_ == 0; });
}

}  // namespace countersign::rpc
