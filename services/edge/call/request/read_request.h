#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "libs/async/pending_reply.h"
#include "services/edge/call/call_context.h"
#include "services/edge/call/refusal.h"
#include "services/edge/call/request/router.h"
#include "services/edge/call/request/verified_caller.h"

namespace countersign::edge::call::request {

// A request as read by its connection's dialect (step 4). Made by Read only.
class ReadRequest {
 public:
  // Reads the caller's body and parses it.
  static async::Awaitable<Step<ReadRequest>> Read(const CallContext& context, Route route,
                                                  const dialects::Dialect& dialect);

  const Route& route() const { return route_; }
  const domain::Connection& connection() const { return *route_.connection; }
  const dialects::Dialect& dialect() const { return *dialect_; }
  const dialects::ReadCall& call() const { return *call_; }
  // For work that may outlive the call.
  const std::shared_ptr<const dialects::ReadCall>& shared_call() const { return call_; }
  const std::shared_ptr<const domain::Prompt>& prompt() const { return call_->prompt; }

  // The prompt with another body, such as the one that will be sent with `headers`. INTERNAL when
  // it cannot be parsed: the gateway made it.
  async::Awaitable<absl::StatusOr<std::shared_ptr<const domain::Prompt>>> ReadAgain(
      const CallContext& context, const std::string& body,
      const dialects::HeaderList& headers) const;

 private:
  ReadRequest(Route route, std::string query, const dialects::Dialect& dialect,
              dialects::ReadCall call)
      : route_(std::move(route)),
        query_(std::move(query)),
        dialect_(&dialect),
        call_(std::make_shared<const dialects::ReadCall>(std::move(call))) {}

  Route route_;
  std::string query_;
  const dialects::Dialect* dialect_;
  std::shared_ptr<const dialects::ReadCall> call_;
};

// A refusal when the caller has no role on the connection, or the connection does not serve the
// model.
std::optional<Refusal> CheckCaller(const VerifiedCaller& caller, const ReadRequest& read);

}  // namespace countersign::edge::call::request
