#pragma once

#include <memory>
#include <string>
#include <vector>

#include "libs/dialects/dialect.h"
#include "libs/domain/event_payload.h"
#include "services/edge/call/admission/decided_call.h"

namespace countersign::edge::call::admission {

// The head of a request as it goes upstream, without a credential.
struct OutgoingHead {
  std::string method;
  std::string target;  // as Upstream::MakeTarget writes it
  dialects::HeaderList headers;
};

// Step 7: a request exactly as it will be sent, but for the credential. Immutable; only Prepare
// makes one.
class PreparedRequest {
 public:
  // Masks the prompt where the decision's profile asks for it, makes the gateway's own additions,
  // and chooses the headers.
  static async::Awaitable<Step<PreparedRequest>> Prepare(const CallContext& context,
                                                         const request::VerifiedCaller& caller,
                                                         const request::ReadRequest& read,
                                                         const DecidedCall& decided);

  const domain::Connection& connection() const { return *route_.connection; }  // where it goes
  const OutgoingHead& head() const { return head_; }
  const std::string& body() const { return body_; }
  const std::string& binding_hash() const { return binding_hash_; }
  const std::shared_ptr<const domain::Prompt>& prompt() const { return prompt_; }  // as sent

  // What the prompt says instead of originals that its answer restores.
  const std::vector<domain::Placeholder>& placeholders() const { return placeholders_; }

  // What was masked in the prompt, by the pointers of its parts; for the record alone.
  const std::vector<domain::DeliveredSpan>& masked() const { return masked_; }

  // The hash of what `head` and `body` would send on this request's behalf.
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
  std::string issuer_, subject_;
};

}  // namespace countersign::edge::call::admission
