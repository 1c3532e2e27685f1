#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libs/dialects/dialect.h"
#include "libs/http/client.h"
#include "services/edge/call/reply.h"
#include "services/edge/call/session.h"
#include "services/edge/call/upstream.h"

namespace countersign::edge {

// Steps 10 and 11: carries the upstream's answer to the caller, masked, and on record before it
// leaves. What says that the answer is whole leaves only when the session's end is durable.
//
// One step is done before the next begins - read, mask, record, write - so a slow caller slows the
// upstream, and memory holds one read's worth of a stream. What one read brings is masked, recorded
// and written together.
class AnswerDelivery {
 public:
  struct Context {
    const EdgeServices& services;
    const dialects::Dialect& dialect;
    const dialects::ReadCall& read;
    const Route& route;
    const domain::Decision& decision;
    bool grant_used;
    absl::Time arrived;  // of the request
  };
  AnswerDelivery(const Context& context, Session& session, Reply& reply,
                 domain::MaskStream* masking, async::Executor executor,
                 async::Cancellation& cancellation);

  // Nothing when the answer was delivered and the session ended. A refusal is still to be told and
  // recorded.
  async::Awaitable<std::optional<Refusal>> Deliver(http::ClientResponse& response);

  domain::Outcome outcome() const { return outcome_; }  // when delivered

 private:
  async::Awaitable<std::optional<Refusal>> DeliverStream(http::ClientResponse& response);
  async::Awaitable<std::optional<Refusal>> DeliverBody(http::ClientResponse& response);
  async::Awaitable<std::optional<Refusal>> ReadBody(http::ClientResponse& response);
  absl::StatusOr<std::vector<domain::FieldPiece>> NextTexts(absl::string_view piece);
  async::Awaitable<absl::StatusOr<std::vector<dialects::Delivery>>> Mask(
      absl::StatusOr<std::vector<domain::FieldPiece>> asked);
  async::Awaitable<std::optional<Refusal>> Pass(std::vector<dialects::Delivery> deliveries);
  async::Awaitable<std::optional<Refusal>> End(bool upstream_failed);
  std::string Record(std::vector<dialects::Delivery>& deliveries);
  dialects::HeaderList HeadersFor(const http::ResponseHead& head) const;
  Refusal RefusalOfMasking(const absl::Status& status) const;
  void FirstByte();

  const Context context_;
  Session& session_;
  Reply& reply_;
  domain::MaskStream* const masking_;
  async::Executor executor_;
  async::Cancellation& cancellation_;
  std::unique_ptr<dialects::AnswerReader> reader_;
  domain::Outcome outcome_ = domain::Outcome::kAborted;
  bool first_ = true;
  bool delivered_ = false;
};

}  // namespace countersign::edge
