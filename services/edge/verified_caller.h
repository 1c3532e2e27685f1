#pragma once

#include <optional>
#include <string>

#include "services/edge/edge_services.h"
#include "services/edge/header_rules.h"
#include "services/edge/port_answer.h"
#include "services/edge/refusal.h"

namespace countersign::edge {

// Step 2: a caller whose credential stands. Only Verify makes one.
class VerifiedCaller {
 public:
  // UNAUTHENTICATED with a reason, or whatever keeps authn from answering.
  static Awaitable<absl::StatusOr<VerifiedCaller>> Verify(const EdgeServices& services,
                                                          const HeaderList& headers,
                                                          std::string request_id,
                                                          boost::asio::any_io_executor executor,
                                                          http::Stop& stop);

  // Asks again, after a call was held: whether the credential still stands, and for whom. From then
  // on the call has the new principal and internal token: the old one lives for two minutes only.
  // A refusal when it does not stand, or nobody can tell.
  Awaitable<std::optional<Refusal>> VerifyAgain(const EdgeServices& services,
                                                boost::asio::any_io_executor executor,
                                                http::Stop& stop);

  const domain::Call& call() const { return call_; }
  const domain::Principal& principal() const { return *call_.principal; }

 private:
  VerifiedCaller(domain::Call call, SecretString credential)
      : call_(std::move(call)), credential_(std::move(credential)) {}

  domain::Call call_;
  SecretString credential_;
};

}  // namespace countersign::edge
