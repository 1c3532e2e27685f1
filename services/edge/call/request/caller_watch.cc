#include "services/edge/call/request/caller_watch.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/async/sleep.h"
#include "libs/async/spawn.h"
#include "libs/crypto/hash.h"

namespace countersign::edge::call::request {

// Used on the call's executor only.
struct CallerWatch::State {
  const CallServices& services;
  const async::Executor executor;
  const SecretString credential;
  const MayCall may_call;
  const absl::Time accepted_at;
  async::Cancellation* call = nullptr;  // null: the call is over
  bool asking = false;
  bool flushed = false;  // since the last request

  bool running() const { return call != nullptr && !call->cancelled(); }
};

CallerWatch::CallerWatch(const CallContext& context, const VerifiedCaller& caller, MayCall may_call)
    : state_(new State{context.services, context.executor, caller.credential(), std::move(may_call),
                       caller.accepted_at(), &context.cancellation}),
      flushes_(context.services.credentials,
               [handle = async::ExecutorHandle(context.executor), state = state_] {
                 handle.Run([state] { OnFlush(state); });
               }) {
  if (context.services.credentials.generation() != caller.generation() ||
      !context.services.credentials.live()) {
    OnFlush(state_);
  }
}

CallerWatch::~CallerWatch() { state_->call = nullptr; }

void CallerWatch::OnFlush(const std::shared_ptr<State>& state) {
  state->flushed = true;
  if (state->asking || !state->running()) return;
  state->asking = true;
  async::Spawn(state->executor, AskUntilKnown(state));
}

// OK, or the reason to end the call; any other status means that it is unknown.
async::Awaitable<absl::Status> CallerWatch::Ask(const State& state) {
  const CallServices& services = state.services;
  const std::string digest = crypto::Sha256(state.credential.Reveal());
  CredentialCache::Found found = services.credentials.Find(digest);
  if (!found.entry) {
    async::PendingReply<absl::StatusOr<domain::Authenticated>> answer(state.executor);
    services.ports.authenticator.AuthenticateAgain(state.credential, state.accepted_at,
                                                   services.PortDeadline(), answer.done());
    absl::StatusOr<domain::Authenticated> verified = co_await answer.Get();
    if (!verified.ok()) co_return verified.status();
    services.credentials.Insert(digest, *verified, found.generation);
    found.entry = *std::move(verified);
  }
  co_return state.may_call(*found.entry->principal);
}

async::Awaitable<void> CallerWatch::AskUntilKnown(std::shared_ptr<State> state) {
  while (state->running()) {
    state->flushed = false;
    const absl::Status stands = co_await Ask(*state);
    if (!state->running()) break;
    if (absl::IsUnauthenticated(stands) || absl::IsPermissionDenied(stands)) {
      state->call->Cancel(stands);
      break;
    }
    if (state->flushed) continue;
    if (stands.ok() && state->services.credentials.live()) break;
    co_await async::Sleep(state->executor, state->services.options.ask_caller_every);
  }
  state->asking = false;
}

CallerWatch::MayCall HasCallerRole(std::string connection) {
  return [connection = std::move(connection)](const domain::Principal& principal) {
    if (domain::HasRole(principal, domain::Role::kCaller, connection)) return absl::OkStatus();
    return absl::PermissionDeniedError(absl::StrCat(
        principal.DisplayName(), " may not call connection \"", connection, "\" any more"));
  };
}

}  // namespace countersign::edge::call::request
