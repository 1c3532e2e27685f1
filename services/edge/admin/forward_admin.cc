#include "services/edge/admin/forward_admin.h"

#include <cstddef>
#include <limits>
#include <string>
#include <utility>

#include "libs/async/pending_reply.h"
#include "services/edge/admin/connect_error.h"
#include "services/edge/call/headers/header_rules.h"
#include "services/edge/call/large_work.h"
#include "services/edge/call/request/verified_caller.h"

namespace countersign::edge::admin {
namespace {

AdminRequest MakeRequest(const call::CallContext& context,
                         const call::request::VerifiedCaller& caller, std::string body,
                         absl::Duration timeout) {
  AdminRequest request;
  request.call = caller.call();
  request.path = context.request.path;
  request.content_type =
      std::string(call::headers::FindHeader(context.request.headers, "content-type"));
  request.body = std::move(body);
  request.deadline = context.services.clock.Now() + timeout;
  return request;
}

// Passes the request to the backend, which parses its body, off the network thread if it is large.
// RESOURCE_EXHAUSTED when too many are waiting already. The call must not end before the backend
// has an accepted request: the backend may not exist any longer.
async::Awaitable<absl::Status> Forward(const call::CallContext& context, AdminBackend& backend,
                                       AdminRequest request,
                                       async::PendingReply<absl::StatusOr<AdminReply>>& answer) {
  if (request.body.size() <= call::kMostInlineBytes) {
    backend.Forward(std::move(request), answer.done());
    co_return absl::OkStatus();
  }
  async::PendingReply<absl::Status> forwarded(context.executor);
  const bool accepted = context.services.body_pool.TrySubmit(
      [&backend, request = std::move(request), done = answer.done(),
       then = forwarded.done()]() mutable {
        backend.Forward(std::move(request), std::move(done));
        then(absl::OkStatus());
      });
  if (!accepted) co_return absl::ResourceExhaustedError("too many large bodies wait");
  co_return co_await forwarded.Get();
}

}  // namespace

std::size_t MaxBodyBytes(const domain::Principal& principal) {
  constexpr std::size_t kWithoutRole = 1u << 20;
  const bool has_role = domain::HasRole(principal, domain::Role::kAdmin, "") ||
                        domain::HasRole(principal, domain::Role::kReviewer, "") ||
                        domain::HasRole(principal, domain::Role::kAuditor, "");
  return has_role ? std::numeric_limits<std::size_t>::max() : kWithoutRole;
}

async::Awaitable<void> ForwardAdmin(const call::CallContext& context, AdminBackend* backend,
                                    absl::Duration timeout) {
  call::Reply& reply = context.reply;
  reply.FormatErrorsWith(&ConnectErrorBody);
  const call::Step<call::request::VerifiedCaller> caller =
      co_await call::request::VerifiedCaller::Verify(context);
  if (!caller.ok()) co_return co_await call::request::RefuseUnverified(context, caller.refusal());
  if (context.request.method != "POST" || backend == nullptr) {
    co_await reply.SendError(dialects::MakeCallerError("not_found", "administration is by POST"));
    co_return;
  }
  absl::StatusOr<std::string> body =
      co_await context.caller_connection.ReadBody(MaxBodyBytes(caller->principal()));
  if (!body.ok()) {
    co_await reply.SendError(dialects::MakeCallerError(
        absl::IsResourceExhausted(body.status()) ? "payload_too_large" : "invalid_request",
        body.status().message()));
    co_return;
  }
  async::PendingReply<absl::StatusOr<AdminReply>> answer(context.executor);
  AdminRequest request = MakeRequest(context, *caller, *std::move(body), timeout);
  const absl::Status forwarded = co_await Forward(context, *backend, std::move(request), answer);
  if (!forwarded.ok()) {
    co_await reply.SendError(dialects::MakePartError(forwarded, "administration"));
    co_return;
  }
  const absl::StatusOr<AdminReply> result = co_await answer.Get(context.cancellation);
  if (context.cancellation.cancelled()) co_return;
  if (!result.ok()) {
    co_await reply.SendError(dialects::MakePartError(result.status(), "administration"));
    co_return;
  }
  co_await reply.SendJson(result->http_status, result->body);
}

}  // namespace countersign::edge::admin
