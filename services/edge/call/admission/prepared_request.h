#pragma once

#include <memory>
#include <string>
#include <vector>

#include "libs/dialects/dialect.h"
#include "libs/domain/binding.h"
#include "libs/domain/event_payload.h"
#include "services/edge/call/admission/decided_call.h"

namespace countersign::edge::call::admission {

// The head of an upstream request, without the credential.
struct OutgoingHead {
  std::string method;
  std::string target;  // from Upstream::MakeTarget
  dialects::HeaderList headers;
};

// A request exactly as it will be sent, without the credential (step 7). Immutable; made by Prepare
// only.
class PreparedRequest {
 public:
  // Masks the prompt if the decision's profile requires it, makes the gateway's additions, and
  // selects the headers.
  static async::Awaitable<Step<PreparedRequest>> Prepare(const CallContext& context,
                                                         const request::VerifiedCaller& caller,
                                                         const request::ReadRequest& read,
                                                         const DecidedCall& decided);

  const domain::Connection& connection() const { return *route_.connection; }  // the destination
  const OutgoingHead& head() const { return head_; }
  const std::string& body() const { return body_; }
  const std::string& binding_hash() const { return binding_hash_; }
  bool rpc() const { return rpc_; }                                                // sent over gRPC
  const std::shared_ptr<const domain::Prompt>& prompt() const { return prompt_; }  // as sent

  // The tokens in the prompt whose originals are restored in its answer.
  const std::vector<domain::Placeholder>& placeholders() const { return placeholders_; }

  // The spans masked in the prompt, by the pointers of its parts; for the record only.
  const std::vector<domain::DeliveredSpan>& masked() const { return masked_; }

  // The analyzers that have not looked at the prompt; for the record only.
  const domain::Unanalyzed& unanalyzed() const { return unanalyzed_; }

  // What the binding hash covers with this `head`, without the body.
  domain::BoundRequest Bind(const OutgoingHead& head) const;

  // The binding hash of `head` and `body` as parts of this request.
  std::string HashBinding(const OutgoingHead& head, absl::string_view body) const;

 private:
  PreparedRequest() = default;

  request::Route route_;  // keeps the connection alive
  OutgoingHead head_;
  std::string body_;
  std::string binding_hash_;
  std::shared_ptr<const domain::Prompt> prompt_;
  std::vector<domain::Placeholder> placeholders_;
  std::vector<domain::DeliveredSpan> masked_;
  domain::Unanalyzed unanalyzed_;
  std::string issuer_, subject_;
  bool rpc_ = false;
};

}  // namespace countersign::edge::call::admission
