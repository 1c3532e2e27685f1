#pragma once

#include <cstdint>
#include <string>
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
  const SecretString& credential() const { return credential_; }

  // When the credential was accepted, and the cache's generation at that time: later revocations
  // are not considered yet.
  absl::Time accepted_at() const { return accepted_at_; }
  std::uint64_t generation() const { return generation_; }

 private:
  struct Accepted;
  static async::Awaitable<absl::StatusOr<Accepted>> Authenticate(const CallContext& context,
                                                                 const SecretString& credential);
  VerifiedCaller(const std::string& request_id, SecretString credential, Accepted accepted);

  domain::Call call_;
  SecretString credential_;
  absl::Time accepted_at_;
  std::uint64_t generation_ = 0;
};

// The refusal of a caller without the role caller on the connection: says what is missing, and who
// can change it.
Refusal RefuseWithoutRole(const VerifiedCaller& caller, const domain::Connection& connection);

// Counts and logs a request whose caller could not be verified.
void ReportUnverified(const CallContext& context, const Refusal& refusal);

// The same, and answers it.
async::Awaitable<void> RefuseUnverified(const CallContext& context, const Refusal& refusal);

}  // namespace countersign::edge::call::request
