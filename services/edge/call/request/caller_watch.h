#pragma once

#include <functional>
#include <memory>
#include <string>

#include "services/edge/call/call_context.h"
#include "services/edge/call/request/credential_cache.h"
#include "services/edge/call/request/verified_caller.h"

namespace countersign::edge::call::request {

// Cancels a running or held call when its caller is no longer authorized: its key was revoked, its
// Identity or provider deleted, or the role that the call needs removed. At every revocation that
// authn reports, the credential is verified again; if that fails the call is cancelled with
// UNAUTHENTICATED or PERMISSION_DENIED. The expiry of a credential cancels nothing.
//
// While authn is unreachable the verification is repeated (CallOptions::ask_caller_every) and the
// call continues.
class CallerWatch {
 public:
  // Whether a principal may still make the call: OK, or PERMISSION_DENIED. Called on the call's
  // executor, also shortly after the call has ended.
  using MayCall = std::function<absl::Status(const domain::Principal&)>;
  CallerWatch(const CallContext& context, const VerifiedCaller& caller, MayCall may_call);
  ~CallerWatch();
  CallerWatch(const CallerWatch&) = delete;
  CallerWatch& operator=(const CallerWatch&) = delete;

 private:
  struct State;
  static async::Awaitable<absl::Status> Ask(const State& state);
  static async::Awaitable<void> AskUntilKnown(std::shared_ptr<State> state);
  static void OnFlush(const std::shared_ptr<State>& state);

  const std::shared_ptr<State> state_;  // outlives the call while a request is outstanding
  const CredentialCache::FlushWatch flushes_;
};

// For inference calls: the role caller on `connection`.
CallerWatch::MayCall HasCallerRole(std::string connection);

}  // namespace countersign::edge::call::request
