#include "services/edge/call/provision.h"

namespace countersign::edge {

Provision::Provision(const EdgeServices& services, const VerifiedCaller& caller, const Route& route,
                     const DecidedCall& decided, std::vector<domain::Placeholder> placeholders,
                     async::Executor executor)
    : leased_(executor), opened_(executor) {
  const domain::Connection& connection = *route.connection;
  if (!connection.credential.empty()) {
    asked_lease_ = true;
    services.ports.authenticator.LeaseCredential(caller.call(), connection.name, connection.version,
                                                 services.PortDeadline(), leased_.done());
  }
  if (decided.decision().masking_profile != "none") {
    asked_masking_ = true;
    services.ports.masker.Open(caller.call(), decided.decision().masking_profile, connection.name,
                               domain::Direction::kResponse, std::move(placeholders),
                               services.PortDeadline(), opened_.done());
  }
}

async::Awaitable<std::optional<Refusal>> Provision::Await(async::Cancellation& cancellation) {
  if (asked_lease_) {
    absl::StatusOr<domain::CredentialLease> lease = co_await leased_.Get(cancellation);
    if (!lease.ok()) {
      // The caller's own credential stands: this is the gateway's trouble, whatever the code.
      co_return RefusalOfPart(absl::IsCancelled(lease.status()) || absl::IsAborted(lease.status())
                                  ? lease.status()
                                  : absl::UnavailableError(lease.status().message()),
                              "credential vault");
    }
    lease_ = *std::move(lease);
    asked_lease_ = false;
  }
  if (asked_masking_) {
    absl::StatusOr<std::unique_ptr<domain::MaskStream>> masking =
        co_await opened_.Get(cancellation);
    if (!masking.ok()) co_return RefusalOfPart(masking.status(), "masking");
    masking_ = *std::move(masking);
    asked_masking_ = false;
  }
  co_return std::nullopt;
}

}  // namespace countersign::edge
