#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "libs/dialects/dialect.h"
#include "libs/domain/event_payload.h"
#include "libs/http/client.h"
#include "services/edge/call/decided_call.h"

namespace countersign::edge::call {

// Step 7: a request exactly as it will be sent, but for the credential. Immutable; only Prepare
// makes one.
class PreparedRequest {
 public:
  // Masks the prompt where the decision's profile asks for it, makes the gateway's own additions,
  // and chooses the headers.
  static async::Awaitable<Step<PreparedRequest>> Prepare(const CallContext& context,
                                                         const VerifiedCaller& caller,
                                                         const ReadRequest& read,
                                                         const DecidedCall& decided);

  const http::Target& target() const { return target_; }
  const http::RequestHead& head() const { return head_; }
  const std::string& body() const { return body_; }
  const std::string& binding_hash() const { return binding_hash_; }
  const std::shared_ptr<const domain::Prompt>& prompt() const { return prompt_; }  // as sent

  // What the prompt says instead of originals that its answer restores.
  const std::vector<domain::Placeholder>& placeholders() const { return placeholders_; }

  // What was masked in the prompt, by the pointers of its parts; for the record alone.
  const std::vector<domain::DeliveredSpan>& masked() const { return masked_; }

  // The hash of what `head` and `body` would send on this request's behalf.
  std::string HashBinding(const http::RequestHead& head, absl::string_view body) const;

 private:
  PreparedRequest() = default;

  http::Target target_;
  http::RequestHead head_;
  std::string body_;
  std::string binding_hash_;
  std::shared_ptr<const domain::Prompt> prompt_;
  std::vector<domain::Placeholder> placeholders_;
  std::vector<domain::DeliveredSpan> masked_;
  std::string issuer_, subject_, connection_;
  std::uint64_t connection_version_ = 0;
};

}  // namespace countersign::edge::call
