#pragma once

#include <utility>

#include "libs/async/pending_reply.h"
#include "services/edge/call/call_context.h"
#include "services/edge/call/refusal.h"

namespace countersign::edge::call::request {

// Step 2: a caller whose credential stands. Only Verify and VerifyAgain make one.
class VerifiedCaller {
 public:
  static async::Awaitable<Step<VerifiedCaller>> Verify(const CallContext& context);

  // Asks again, after a call was held: whether the credential still stands, and for whom. The
  // result has the new principal and internal token: the old one lives for two minutes only.
  async::Awaitable<Step<VerifiedCaller>> VerifyAgain(const CallContext& context) const;

  const domain::Call& call() const { return call_; }
  const domain::Principal& principal() const { return *call_.principal; }

 private:
  VerifiedCaller(domain::Call call, SecretString credential)
      : call_(std::move(call)), credential_(std::move(credential)) {}

  domain::Call call_;
  SecretString credential_;
};

// Answers, counts and logs a request whose caller could not be verified.
async::Awaitable<void> RefuseUnverified(const CallContext& context, const Refusal& refusal);

}  // namespace countersign::edge::call::request
