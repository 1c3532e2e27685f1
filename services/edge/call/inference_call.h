#pragma once

#include <memory>
#include <string>

#include "libs/http/exchange.h"
#include "services/edge/call/answer_delivery.h"
#include "services/edge/call/edge_services.h"
#include "services/edge/call/provision.h"
#include "services/edge/call/reply.h"
#include "services/edge/call/upstream.h"

namespace countersign::edge {

// One call of inference, from a verified caller to the last byte of the answer: steps 3 to 11 of
// DESIGN §3. Each step hands the next a value that only it can make; Run reads as the list of
// steps.
class InferenceCall {
 public:
  // `caller` is verified; `target` is split into `path` and `query`.
  struct Request {
    std::string request_id;
    std::string path;
    std::string query;
    dialects::HeaderList headers;
    absl::Time arrived;
  };
  // What is known from step 4 on.
  struct Judged {
    VerifiedCaller& caller;
    const Route& route;
    const dialects::Dialect& dialect;
    const dialects::ReadCall& read;
  };
  InferenceCall(const EdgeServices& services, Upstream& upstream, http::Exchange& exchange,
                Reply& reply, const Request& request);

  async::Awaitable<void> Run(VerifiedCaller& caller,
                             std::shared_ptr<const domain::ResourceSet> resources);

 private:
  async::Awaitable<void> InSession(const Judged& judged);
  domain::SessionStart StartOf(const Judged& judged) const;
  // Steps 6 to 11. Nothing when the answer was delivered and the session ended.
  async::Awaitable<std::optional<Refusal>> Walk(const Judged& judged,
                                                DecidedCall::Deciding& deciding, Session& session,
                                                domain::Outcome& outcome);
  std::optional<Refusal> CheckCaller(const Judged& judged) const;
  static std::optional<Refusal> CheckDecision(const DecidedCall& decided);
  async::Awaitable<Step<AdmittedRequest>> AdmitAllowed(Provision& provision, Session& session,
                                                       PreparedRequest prepared,
                                                       Clearance clearance);
  // A call under review, from waiting to using the grant. `decided` becomes the newest decision.
  async::Awaitable<Step<AdmittedRequest>> AdmitReviewed(const Judged& judged, DecidedCall& decided,
                                                        std::unique_ptr<Provision>& provision,
                                                        Session& session, PreparedRequest prepared);
  // What must still hold when a held call is released: the credential, the caller's role, the
  // connection as it was, and the policy. `decided` becomes the newest decision.
  async::Awaitable<std::optional<Refusal>> JudgeAgain(const Judged& judged, Session& session,
                                                      DecidedCall& decided);
  std::optional<Refusal> CheckConnection(const Judged& judged) const;
  async::Awaitable<Refusal> Defer(std::string review_id);

  async::Awaitable<void> RefuseEarly(const dialects::CallerError& error,
                                     absl::string_view connection, absl::string_view dialect);
  async::Awaitable<void> EndRefused(const Judged& judged, Session& session, Refusal refusal);
  void Count(absl::string_view connection, absl::string_view dialect, absl::string_view outcome);

  const EdgeServices& services_;
  Upstream& upstream_;
  http::Exchange& exchange_;
  Reply& reply_;
  const Request& request_;
  async::Executor executor_;
  async::Cancellation& cancellation_;
};

}  // namespace countersign::edge
