#include "libs/rpc/handler.h"

#include <memory>
#include <utility>

#include "libs/base/status.h"
#include "libs/rpc/status.h"

namespace countersign::rpc {
namespace {

// Finishes a call exactly once: with the given status, or with INTERNAL on destruction.
class OnceFinish {
 public:
  explicit OnceFinish(grpc::ServerUnaryReactor* reactor) : reactor_(reactor) {}
  OnceFinish(OnceFinish&& other) noexcept : reactor_(std::exchange(other.reactor_, nullptr)) {}
  OnceFinish& operator=(OnceFinish&&) = delete;
  ~OnceFinish() {
    if (reactor_ != nullptr) Finish(absl::InternalError("the answer was lost"));
  }
  void operator()(absl::Status status) {
    if (reactor_ != nullptr) Finish(status);
  }

 private:
  void Finish(const absl::Status& status) {
    std::exchange(reactor_, nullptr)->Finish(ToGrpc(status));
  }
  grpc::ServerUnaryReactor* reactor_;
};

}  // namespace

grpc::ServerUnaryReactor* FinishInline(grpc::CallbackServerContext* context,
                                       absl::AnyInvocable<absl::Status()> body) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(ToGrpc(body()));
  return reactor;
}

grpc::ServerUnaryReactor* FinishOn(ThreadPool& pool, grpc::CallbackServerContext* context,
                                   absl::AnyInvocable<absl::Status()> body) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const bool accepted = pool.TrySubmit([context, reactor, body = std::move(body)]() mutable {
    if (context->IsCancelled()) {
      reactor->Finish(ToGrpc(absl::CancelledError("the caller no longer waits")));
      return;
    }
    reactor->Finish(ToGrpc(body()));
  });
  if (!accepted) {
    reactor->Finish(ToGrpc(WithReason(
        absl::ResourceExhaustedError("too much work is waiting; try again"), "overloaded")));
  }
  return reactor;
}

grpc::ServerUnaryReactor* FinishLater(grpc::CallbackServerContext* context,
                                      absl::AnyInvocable<void(Finisher)> start) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  start(Finisher(OnceFinish(reactor)));
  return reactor;
}

absl::Time GetDeadline(const grpc::ServerContextBase& context) {
  const auto deadline = context.deadline();
  if (deadline == std::chrono::system_clock::time_point::max()) return absl::InfiniteFuture();
  return absl::FromChrono(deadline);
}

}  // namespace countersign::rpc
