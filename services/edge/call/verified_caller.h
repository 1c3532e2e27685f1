#pragma once

#include <optional>
#include <string>

#include "libs/async/pending_reply.h"
#include "services/edge/call/edge_services.h"
#include "services/edge/call/header_rules.h"
#include "services/edge/call/refusal.h"

namespace countersign::edge {

// Step 2: a caller whose credential stands. Only Verify makes one.
class VerifiedCaller {
 public:
  // UNAUTHENTICATED with a reason, or whatever keeps authn from answering.
  static async::Awaitable<absl::StatusOr<VerifiedCaller>> Verify(
      const EdgeServices& services, const dialects::HeaderList& headers, std::string request_id,
      async::Executor executor, async::Cancellation& cancellation);

  // Asks again, after a call was held: whether the credential still stands, and for whom. From then
  // on the call has the new principal and internal token: the old one lives for two minutes only.
  // A refusal when it does not stand, or nobody can tell.
  async::Awaitable<std::optional<Refusal>> VerifyAgain(const EdgeServices& services,
                                                       async::Executor executor,
                                                       async::Cancellation& cancellation);

  const domain::Call& call() const { return call_; }
  const domain::Principal& principal() const { return *call_.principal; }

 private:
  VerifiedCaller(domain::Call call, SecretString credential)
      : call_(std::move(call)), credential_(std::move(credential)) {}

  domain::Call call_;
  SecretString credential_;
};

}  // namespace countersign::edge
