#pragma once

#include <utility>

#include "libs/async/pending_reply.h"
#include "services/edge/call/call_context.h"
#include "services/edge/call/refusal.h"

namespace countersign::edge::call::request {

// A caller with a verified credential (step 2). Made by Verify and VerifyAgain only.
class VerifiedCaller {
 public:
  static async::Awaitable<Step<VerifiedCaller>> Verify(const CallContext& context);

  // Verifies the credential again after a call was held. The result has the current principal and a
  // new internal token, because the old one expires after two minutes.
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
