#include "services/edge/call/admission/upstream_lease.h"

namespace countersign::edge::call::admission {

UpstreamLease::UpstreamLease(const CallContext& context, const request::VerifiedCaller& caller,
                             const request::ReadRequest& read, const DecidedCall& decided,
                             std::vector<domain::Placeholder> placeholders)
    : leased_(context.executor), opened_(context.executor) {
  const domain::Connection& connection = read.connection();
  const CallServices& services = context.services;
  if (!connection.credential.empty()) {
    asked_lease_ = true;
    services.ports.authenticator.LeaseCredential(caller.call(), connection.name, connection.version,
                                                 services.PortDeadline(), leased_.done());
  }
  const std::string& profile = decided.decision().masking_profile;
  if (profile != "none") {
    asked_masking_ = true;
    services.ports.masker.Open(
        caller.call(),
        {profile, connection.name, domain::Direction::kResponse, std::move(placeholders)},
        services.PortDeadline(), opened_.done());
  }
}

async::Awaitable<std::optional<Refusal>> UpstreamLease::Await(async::Cancellation& cancellation) {
  if (asked_lease_) {
    absl::StatusOr<domain::CredentialLease> lease = co_await leased_.Get(cancellation);
    if (!lease.ok()) {
      // The caller's own credential is valid, so every failure here is the gateway's.
      const bool cancelled = absl::IsCancelled(lease.status()) || absl::IsAborted(lease.status());
      co_return RefuseForPart(
          cancelled ? lease.status() : absl::UnavailableError(lease.status().message()),
          "credential vault");
    }
    credential_ = *std::move(lease);
    asked_lease_ = false;
  }
  if (asked_masking_) {
    absl::StatusOr<std::unique_ptr<domain::MaskStream>> masking =
        co_await opened_.Get(cancellation);
    if (!masking.ok()) co_return RefuseForPart(masking.status(), "masking");
    masking_ = *std::move(masking);
    asked_masking_ = false;
  }
  co_return std::nullopt;
}

}  // namespace countersign::edge::call::admission
