#include "services/edge/identity/identity_endpoints.h"

#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "libs/async/pending_reply.h"
#include "libs/base/status.h"
#include "libs/log/log.h"
#include "services/edge/call/headers/header_rules.h"
#include "services/edge/identity/login_providers.h"
#include "services/edge/identity/service_provider.h"
#include "services/edge/identity/token_form.h"

namespace countersign::edge::identity {
namespace {

constexpr absl::string_view kTokenPath = "/oauth2/token";
constexpr absl::string_view kKeysPath = "/.well-known/jwks.json";
constexpr absl::string_view kLoginPath = "/.well-known/countersign-login";
constexpr absl::string_view kMetadataPath = "/saml/metadata";
// Two assertions of 256 KiB, in base64, percent-encoded.
constexpr std::size_t kMaxFormBytes = 1u << 20;

bool IsForm(absl::string_view content_type) {
  const absl::string_view type = content_type.substr(0, content_type.find(';'));
  return absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(type),
                                "application/x-www-form-urlencoded");
}

async::Awaitable<void> Answer(const call::CallContext& context, int status,
                              absl::string_view body) {
  dialects::HeaderList headers;
  headers.emplace_back("content-type", "application/json");
  headers.emplace_back("cache-control", "no-store");
  co_await context.reply.Send(status, std::move(headers), body);
}

async::Awaitable<void> RefuseToken(const call::CallContext& context, const absl::Status& status,
                                   absl::string_view refusal) {
  const TokenError error = MakeTokenError(status, refusal);
  const call::CallServices& services = context.services;
  services.metrics.Request("", "", error.http_status == 400 ? "unauthenticated" : "unavailable",
                           services.clock.Now() - context.arrived);
  if (error.http_status == 503) {
    if (const auto lines = services.failures.Pass()) {
      log::Info("cannot issue a token",
                {{"request_id", context.request_id}, {"error", status}, {"count", *lines}});
    }
  }
  co_await Answer(context, error.http_status, error.body);
}

async::Awaitable<absl::StatusOr<TokenForm>> ReadForm(const call::CallContext& context) {
  if (!IsForm(call::headers::FindHeader(context.request.headers, "content-type"))) {
    co_return WithReason(
        absl::InvalidArgumentError("content-type must be application/x-www-form-urlencoded"),
        "invalid_request");
  }
  const absl::StatusOr<std::string> body =
      co_await context.caller_connection.ReadBody(kMaxFormBytes);
  if (!body.ok()) {
    co_return WithReason(absl::InvalidArgumentError(absl::IsResourceExhausted(body.status())
                                                        ? "the form is over a mebibyte"
                                                        : "the form cannot be read"),
                         "invalid_request");
  }
  co_return ReadTokenForm(*body);
}

async::Awaitable<void> IssueToken(const call::CallContext& context, TokenBackend& backend) {
  absl::StatusOr<TokenForm> form = co_await ReadForm(context);
  if (!form.ok()) co_return co_await RefuseToken(context, form.status(), "invalid_request");
  form->request.deadline = context.services.PortDeadline();
  async::PendingReply<absl::StatusOr<domain::IssuedToken>> issued(context.executor);
  backend.Issue(std::move(form->request), issued.done());
  const absl::StatusOr<domain::IssuedToken> token = co_await issued.Get(context.cancellation);
  if (context.cancellation.cancelled()) co_return;
  if (!token.ok()) co_return co_await RefuseToken(context, token.status(), form->refusal);
  co_await Answer(context, 200, TokenToJson(*token, context.services.clock.Now()));
}

async::Awaitable<void> ShowKeys(const call::CallContext& context, TokenBackend& backend) {
  async::PendingReply<absl::StatusOr<std::string>> answer(context.executor);
  backend.GetKeys(context.services.PortDeadline(), answer.done());
  const absl::StatusOr<std::string> keys = co_await answer.Get(context.cancellation);
  if (context.cancellation.cancelled()) co_return;
  if (!keys.ok()) {
    co_await context.reply.SendError(dialects::MakePartError(keys.status(), "authentication"));
    co_return;
  }
  dialects::HeaderList headers;
  headers.emplace_back("content-type", "application/jwk-set+json");
  headers.emplace_back("cache-control", "public, max-age=300");
  co_await context.reply.Send(200, std::move(headers), *keys);
}

async::Awaitable<void> ShowLoginProviders(const call::CallContext& context) {
  const auto resources = context.services.resources.Current();
  if (resources == nullptr) {
    co_await context.reply.SendError(
        dialects::MakeCallerError("unavailable", "there are no resources yet"));
    co_return;
  }
  co_await Answer(context, 200, LoginProvidersToJson(*resources));
}

async::Awaitable<void> ShowMetadata(const call::CallContext& context) {
  const auto resources = context.services.resources.Current();
  absl::StatusOr<std::string> metadata = absl::NotFoundError("there are no resources yet");
  if (resources != nullptr) {
    metadata = ServiceProviderMetadata(*resources, context.request.query,
                                       call::headers::FindHeader(context.request.headers, "host"));
  }
  if (!metadata.ok()) {
    co_await context.reply.SendError(
        dialects::MakeCallerError("not_found", metadata.status().message()));
    co_return;
  }
  dialects::HeaderList headers;
  headers.emplace_back("content-type", "application/samlmetadata+xml");
  co_await context.reply.Send(200, std::move(headers), *metadata);
}

}  // namespace

bool IsIdentityPath(absl::string_view path) {
  return path == kTokenPath || path == kKeysPath || path == kLoginPath || path == kMetadataPath;
}

async::Awaitable<void> ServeIdentity(const call::CallContext& context, TokenBackend* backend) {
  const call::RequestHead& head = context.request;
  const bool get = head.method == "GET";
  if (head.path == kMetadataPath && get) co_return co_await ShowMetadata(context);
  if (head.path == kLoginPath && get) co_return co_await ShowLoginProviders(context);
  if (head.path == kKeysPath && get && backend != nullptr) {
    co_return co_await ShowKeys(context, *backend);
  }
  if (head.path == kTokenPath && head.method == "POST" && backend != nullptr) {
    co_return co_await IssueToken(context, *backend);
  }
  co_await context.reply.SendError(dialects::MakeCallerError(
      "not_found", head.path == kTokenPath ? "tokens are issued by POST" : "there is nothing"));
}

}  // namespace countersign::edge::identity
