#pragma once

#include <memory>
#include <string>

#include "services/edge/call/call_context.h"
#include "services/edge/call/request/credential_cache.h"
#include "services/edge/call/request/verified_caller.h"

namespace countersign::edge::call::request {

// Ends a call that runs, or is held, when its caller does not stand any more: its key was revoked,
// its Identity or its provider deleted, its role on the connection taken away. Whenever authn says
// that something was revoked, the credential is judged again at once; then the call is cancelled
// with UNAUTHENTICATED or PERMISSION_DENIED. A credential that merely expires ends nothing.
//
// While authn cannot be heard or asked, the question is repeated (CallOptions::ask_caller_every)
// and the call goes on.
class CallerWatch {
 public:
  CallerWatch(const CallContext& context, const VerifiedCaller& caller, std::string connection);
  ~CallerWatch();
  CallerWatch(const CallerWatch&) = delete;
  CallerWatch& operator=(const CallerWatch&) = delete;

 private:
  struct State;
  static async::Awaitable<absl::Status> Ask(const State& state);
  static async::Awaitable<void> AskUntilKnown(std::shared_ptr<State> state);
  static void OnFlush(const std::shared_ptr<State>& state);

  const std::shared_ptr<State> state_;  // outlives the call while a question is open
  const CredentialCache::FlushWatch flushes_;
};

}  // namespace countersign::edge::call::request
