#include "services/edge/request_dispatcher.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/encoding.h"
#include "libs/dialects/dialects.h"
#include "services/edge/admin/forward_admin.h"
#include "services/edge/admin/review_status.h"
#include "services/edge/call/pipeline.h"
#include "services/edge/identity/identity_endpoints.h"

namespace countersign::edge {
namespace {

constexpr absl::string_view kAdminPrefix = "/countersign.";
constexpr absl::string_view kApiDocumentPath = "/openapi.json";
constexpr absl::string_view kReviewPrefix = "/countersign/reviews/";

std::string NewRequestId(RandomSource& random) {
  return absl::StrCat("req_", HexEncode(random.Bytes(16)));
}

dialects::CallerError ExplainUnread(int status) {
  switch (status) {
    case 400: return dialects::MakeCallerError("invalid_request", "the request is not valid HTTP");
    case 431: return dialects::MakeCallerError("headers_too_large", "the headers are too large");
    default: return dialects::MakeCallerError("unavailable", "the gateway could not answer");
  }
}

}  // namespace

async::Awaitable<void> RequestDispatcher::Handle(call::CallerConnection& caller,
                                                 call::Upstream& upstream) {
  const call::RequestHead& head = caller.head();
  const std::string request_id = NewRequestId(services_.random);
  call::Reply reply(caller, dialects::GuessDialect(head.path), request_id);
  const call::CallContext context{services_,
                                  upstream,
                                  caller,
                                  reply,
                                  head,
                                  request_id,
                                  services_.clock.Now(),
                                  caller.executor(),
                                  caller.cancellation()};
  if (const auto protocol = grpc_calls::DetectProtocol(head)) {
    co_return co_await grpc_calls::ServeRpc(
        context, {rpc_backend_, health_, open_streams_, rpc_options_}, *protocol);
  }
  const bool get = head.method == "GET";
  if (get && (head.path == "/livez" || head.path == "/readyz")) {
    co_return co_await AnswerProbe(head.path, reply);
  }
  if (get && head.path == kApiDocumentPath && admin_backend_ != nullptr) {
    co_await reply.SendJson(200, admin_backend_->api_document());
    co_return;
  }
  if (absl::StartsWith(head.path, kAdminPrefix)) {
    co_return co_await admin::ForwardAdmin(context, admin_backend_, rpc_options_.unary_timeout);
  }
  if (get && absl::StartsWith(head.path, kReviewPrefix)) {
    co_return co_await admin::ShowReviewStatus(context, head.path.substr(kReviewPrefix.size()));
  }
  if (identity::IsIdentityPath(head.path)) {
    co_return co_await identity::ServeIdentity(context, token_backend_);
  }
  co_await call::RunCall(context);
}

std::string RequestDispatcher::FindMissing() const {
  if (draining_) return "shutting down";
  if (services_.resources.Current() == nullptr) return "waiting for resources";
  return not_ready_ ? not_ready_() : "";
}

async::Awaitable<void> RequestDispatcher::AnswerProbe(const std::string& path,
                                                      call::Reply& reply) const {
  const std::string missing = path == "/readyz" ? FindMissing() : "";
  const int status = missing.empty() ? 200 : 503;
  const std::string body = missing.empty() ? "ok\n" : missing + "\n";
  dialects::HeaderList headers;
  headers.emplace_back("content-type", "text/plain; charset=utf-8");
  co_await reply.Send(status, std::move(headers), body);
}

RequestHandler::WholeReply RequestDispatcher::RefuseUnread(int status) {
  const dialects::CallerError error = ExplainUnread(status);
  services_.metrics.Request("", "", error.code, absl::ZeroDuration());
  WholeReply reply;
  reply.head.status = status;
  reply.head.headers.emplace_back("content-type", "application/json");
  reply.head.headers.emplace_back("x-request-id", NewRequestId(services_.random));
  reply.body = dialects::DefaultDialect().FormatError(error);
  return reply;
}

}  // namespace countersign::edge
