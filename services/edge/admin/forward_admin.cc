#include "services/edge/admin/forward_admin.h"

#include <string>
#include <utility>

#include "libs/async/pending_reply.h"
#include "services/edge/admin/connect_error.h"
#include "services/edge/call/headers/header_rules.h"
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

}  // namespace

async::Awaitable<void> ForwardAdmin(const call::CallContext& context, AdminBackend* backend,
                                    absl::Duration timeout) {
  call::Reply& reply = context.reply;
  reply.FormatErrorsWith(&ConnectErrorBody);
  const call::Step<call::request::VerifiedCaller> caller =
      co_await call::request::VerifiedCaller::Verify(context);
  if (!caller.ok()) co_return co_await call::request::RefuseUnverified(context, caller.refusal());
  absl::StatusOr<std::string> body = co_await context.caller_connection.ReadBody();
  if (!body.ok()) {
    co_await reply.SendError(dialects::MakeCallerError(
        absl::IsResourceExhausted(body.status()) ? "payload_too_large" : "invalid_request",
        body.status().message()));
    co_return;
  }
  if (context.request.method != "POST" || backend == nullptr) {
    co_await reply.SendError(dialects::MakeCallerError("not_found", "administration is by POST"));
    co_return;
  }
  async::PendingReply<absl::StatusOr<AdminReply>> answer(context.executor);
  backend->Forward(MakeRequest(context, *caller, *std::move(body), timeout), answer.done());
  const absl::StatusOr<AdminReply> result = co_await answer.Get(context.cancellation);
  if (context.cancellation.cancelled()) co_return;
  if (!result.ok()) {
    co_await reply.SendError(dialects::MakePartError(result.status(), "administration"));
    co_return;
  }
  co_await reply.SendJson(result->http_status, result->body);
}

}  // namespace countersign::edge::admin
