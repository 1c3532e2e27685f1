#include "libs/clients/revocation_watch.h"

#include <grpcpp/alarm.h>
#include <grpcpp/channel.h>

#include <utility>

#include "countersign/authn/v1/authn.grpc.pb.h"
#include "libs/async/retry_loop.h"
#include "libs/base/clock.h"
#include "libs/log/log.h"

namespace countersign::clients {
namespace {

namespace v1 = countersign::authn::v1;
using Context = std::shared_ptr<grpc::ClientContext>;

// Cancels the stream after a period of silence.
class Watchdog {
 public:
  Watchdog(Context context, absl::Duration silence)
      : context_(std::move(context)), silence_(silence) {
    Restart();
  }
  void Restart() {
    alarm_ = std::make_unique<grpc::Alarm>();
    alarm_->Set(absl::ToChronoTime(SystemClock().Now() + silence_),
                [context = context_](bool fired) {
                  if (fired) context->TryCancel();
                });
  }

 private:
  const Context context_;
  const absl::Duration silence_;
  std::unique_ptr<grpc::Alarm> alarm_;
};

}  // namespace

struct RevocationWatch::State {
  std::unique_ptr<v1::AuthnService::Stub> stub;
  RevocationHooks hooks;
  absl::Duration silence;
  async::Backoff backoff;
  std::unique_ptr<async::RetryLoop> loop;

  absl::Duration Follow(std::stop_token stop) {
    // Shared with the watchdog's alarm, which may run after the call is over.
    const auto context = std::make_shared<grpc::ClientContext>();
    const std::stop_callback cancel(std::move(stop), [&] { context->TryCancel(); });
    Listen(context);
    hooks.set_live(false);
    hooks.flush();
    return backoff.Next();
  }

  void Listen(const Context& context) {
    Watchdog watchdog(context, silence);
    const auto stream = stub->WatchRevocations(context.get());
    v1::WatchRevocationsResponse message;
    bool live = false;
    while (stream->Read(&message)) {
      watchdog.Restart();
      backoff.Reset();
      if (!std::exchange(live, true)) {
        hooks.flush();
        hooks.set_live(true);
        log::Info("following revocations");
      }
      if (message.heartbeat()) continue;
      // Everything is flushed, whatever was revoked: revocations are rare, and verifying again is
      // cheap.
      hooks.flush();
      v1::WatchRevocationsRequest ack;
      ack.set_sequence(message.sequence());
      if (!stream->Write(ack)) break;
    }
    const grpc::Status status = stream->Finish();
    if (live) {
      log::Warning("revocations cannot be followed; verified credentials are not cached",
                   {{"reason", status.error_message()}});
    }
  }
};

RevocationWatch::RevocationWatch(std::shared_ptr<grpc::Channel> authn, RevocationHooks hooks,
                                 absl::Duration silence)
    : state_(std::make_unique<State>()) {
  state_->stub = v1::AuthnService::NewStub(authn);
  state_->hooks = std::move(hooks);
  state_->silence = silence;
  state_->loop = std::make_unique<async::RetryLoop>(
      [state = state_.get()](std::stop_token stop) { return state->Follow(std::move(stop)); });
}
RevocationWatch::~RevocationWatch() { state_->loop.reset(); }

}  // namespace countersign::clients
