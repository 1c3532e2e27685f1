#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "services/edge/call/admission/decided_call.h"

namespace countersign::edge::call::admission {

// The resources that a call acquires directly before it is sent, and not earlier: the upstream's
// credential and the masking of the answer. Requested on construction.
class UpstreamLease {
 public:
  UpstreamLease(const CallContext& context, const request::VerifiedCaller& caller,
                const request::ReadRequest& read, const DecidedCall& decided,
                std::vector<domain::Placeholder> placeholders);

  // Waits for both; a refusal when one is not available. May be called again.
  async::Awaitable<std::optional<Refusal>> Await(async::Cancellation& cancellation);

  const domain::CredentialLease& credential() const { return credential_; }
  // Null when the decision's profile masks nothing.
  domain::MaskStream* masking() const { return masking_.get(); }

 private:
  async::PendingReply<absl::StatusOr<domain::CredentialLease>> leased_;
  async::PendingReply<absl::StatusOr<std::unique_ptr<domain::MaskStream>>> opened_;
  bool asked_lease_ = false;
  bool asked_masking_ = false;
  domain::CredentialLease credential_;
  std::unique_ptr<domain::MaskStream> masking_;
};

}  // namespace countersign::edge::call::admission
