#include "services/edge/edge.h"

#include <atomic>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/dialects/dialects.h"
#include "libs/http/server.h"
#include "services/edge/call/edge_services.h"
#include "services/edge/call/header_rules.h"
#include "services/edge/call/pipeline.h"
#include "services/edge/call/review_status.h"
#include "services/edge/call/upstream.h"

namespace countersign::edge {
namespace {

constexpr absl::string_view kAdminPrefix = "/countersign.";
constexpr absl::string_view kReviewPrefix = "/countersign/reviews/";

// What belongs to one network thread.
struct Worker {
  Worker(http::IoLoop& loop, const http::ClientOptions& options)
      : client(loop, options), upstream(client) {}
  http::Client client;
  call::HttpUpstream upstream;
};

std::string NewRequestId(RandomSource& random) {
  return absl::StrCat("req_", HexEncode(random.Bytes(16)));
}

}  // namespace

struct Edge::State {
  State(EdgeConfig edge_config, EdgePorts edge_ports, Clock& clock, RandomSource& random,
        metrics::Registry& registry)
      : config(std::move(edge_config)),
        ports(edge_ports),
        metrics(registry),
        credentials(config.credential_cache, clock),
        services{config, ports, clock, random, metrics, credentials, resources},
        network(config.threads) {}

  absl::Status Start();
  async::Awaitable<void> Handle(http::Exchange& exchange);
  async::Awaitable<void> ForwardAdmin(const call::CallContext& context);
  async::Awaitable<void> ShowReview(const call::CallContext& context);
  async::Awaitable<void> Status(const std::string& path, call::Reply& reply);
  http::ServerOptions ServerOptionsFor();
  Worker& WorkerOf(http::Exchange& exchange);

  const EdgeConfig config;
  const EdgePorts ports;
  call::EdgeMetrics metrics;
  call::CredentialCache credentials;
  call::ServedResources resources;
  const call::EdgeServices services;
  admin::AdminBackend* admin_backend = nullptr;
  std::function<std::string()> not_ready;
  std::atomic<bool> draining{false};

  // Threads last: everything that they use outlives them.
  std::map<async::Executor, std::unique_ptr<Worker>> workers;
  http::Workers network;
  std::vector<std::unique_ptr<http::Listener>> listeners;
};

absl::Status Edge::State::Start() {
  http::ClientOptions options;
  CS_ASSIGN_OR_RETURN(options.tls, http::ClientTls(config.upstream_ca_file));
  options.ca_file = config.upstream_ca_file;
  options.connect_timeout = config.connect_timeout;
  options.first_byte_timeout = config.first_byte_timeout;
  options.idle_timeout = config.upstream_idle_timeout;
  options.max_content_length = config.max_response_bytes;
  for (std::size_t i = 0; i < network.size(); ++i) {
    workers[network.executor(i)] = std::make_unique<Worker>(network.at(i), options);
  }
  for (const ListenOn& listen : config.listen) {
    http::TlsContext tls;
    if (!listen.certificate_file.empty()) {
      CS_ASSIGN_OR_RETURN(tls, http::ServerTls(listen.certificate_file, listen.key_file));
    }
    CS_ASSIGN_OR_RETURN(
        std::unique_ptr<http::Listener> listener,
        http::ListenHttp1(network, listen.address, tls, ServerOptionsFor(),
                          [this](http::Exchange& exchange) { return Handle(exchange); }));
    listeners.push_back(std::move(listener));
  }
  return absl::OkStatus();
}

http::ServerOptions Edge::State::ServerOptionsFor() {
  http::ServerOptions options;
  options.max_head_bytes = config.max_head_bytes;
  options.max_body_bytes = config.max_body_bytes;
  options.head_timeout = config.head_timeout;
  options.body_timeout = config.body_timeout;
  options.body_total_timeout = config.body_total_timeout;
  options.idle_timeout = config.idle_timeout;
  options.write_timeout = config.write_timeout;
  options.refuse = [this](int status) {
    dialects::CallerError error =
        dialects::MakeCallerError("unavailable", "the gateway could not answer");
    if (status == 400)
      error = dialects::MakeCallerError("invalid_request", "the request is not valid HTTP");
    if (status == 431)
      error = dialects::MakeCallerError("headers_too_large", "the headers are too large");
    metrics.Request("", "", error.code, absl::ZeroDuration());
    http::ServerOptions::Refusal refusal;
    refusal.headers.Add("content-type", "application/json");
    refusal.headers.Add("x-request-id", NewRequestId(services.random));
    refusal.body = dialects::DefaultDialect().FormatError(error);
    return refusal;
  };
  return options;
}

Worker& Edge::State::WorkerOf(http::Exchange& exchange) { return *workers.at(exchange.executor()); }

async::Awaitable<void> Edge::State::Handle(http::Exchange& exchange) {
  call::CallRequest request;
  request.arrived = services.clock.Now();
  request.request_id = NewRequestId(services.random);
  const absl::string_view target = exchange.head().target;
  const std::size_t question = std::min(target.find('?'), target.size());
  request.path = std::string(target.substr(0, question));
  if (question < target.size()) request.query = std::string(target.substr(question + 1));
  request.headers.assign(exchange.head().headers.begin(), exchange.head().headers.end());
  call::Reply reply(exchange, dialects::DefaultDialect(), request.request_id);
  const call::CallContext context{services,
                                  WorkerOf(exchange).upstream,
                                  exchange,
                                  reply,
                                  request,
                                  exchange.executor(),
                                  exchange.cancellation()};
  const bool get = exchange.head().method == "GET";
  if (get && (request.path == "/livez" || request.path == "/readyz")) {
    co_return co_await Status(request.path, reply);
  }
  if (absl::StartsWith(request.path, kAdminPrefix)) co_return co_await ForwardAdmin(context);
  if (get && absl::StartsWith(request.path, kReviewPrefix)) {
    co_return co_await ShowReview(context);
  }
  co_await call::RunCall(context);
}

async::Awaitable<void> Edge::State::Status(const std::string& path, call::Reply& reply) {
  std::string missing;
  if (path == "/readyz") {
    if (draining) {
      missing = "shutting down";
    } else if (resources.Current() == nullptr) {
      missing = "waiting for resources";
    } else if (not_ready) {
      missing = not_ready();
    }
  }
  const int status = missing.empty() ? 200 : 503;
  missing = missing.empty() ? "ok\n" : missing + "\n";
  dialects::HeaderList headers;
  headers.emplace_back("content-type", "text/plain; charset=utf-8");
  co_await reply.Send(status, std::move(headers), missing);
}

async::Awaitable<void> Edge::State::ShowReview(const call::CallContext& context) {
  const call::Step<call::VerifiedCaller> caller = co_await call::VerifiedCaller::Verify(context);
  if (!caller.ok()) co_return co_await call::RefuseUnverified(context, caller.refusal());
  co_await call::AnswerReviewStatus(context, *caller,
                                    context.request.path.substr(kReviewPrefix.size()));
}

async::Awaitable<void> Edge::State::ForwardAdmin(const call::CallContext& context) {
  call::Reply& reply = context.reply;
  reply.UseConnectErrors();
  const call::Step<call::VerifiedCaller> caller = co_await call::VerifiedCaller::Verify(context);
  if (!caller.ok()) co_return co_await call::RefuseUnverified(context, caller.refusal());
  absl::StatusOr<std::string> body = co_await context.exchange.ReadBody();
  if (!body.ok()) {
    co_await reply.SendError(dialects::MakeCallerError(
        absl::IsResourceExhausted(body.status()) ? "payload_too_large" : "invalid_request",
        body.status().message()));
    co_return;
  }
  if (context.exchange.head().method != "POST" || admin_backend == nullptr) {
    co_await reply.SendError(dialects::MakeCallerError("not_found", "administration is by POST"));
    co_return;
  }
  admin::AdminRequest forwarded;
  forwarded.call = caller->call();
  forwarded.path = context.request.path;
  forwarded.content_type = std::string(call::FindHeader(context.request.headers, "content-type"));
  forwarded.body = *std::move(body);
  forwarded.deadline = services.clock.Now() + config.admin_timeout;
  async::PendingReply<absl::StatusOr<admin::AdminReply>> answer(context.executor);
  admin_backend->Forward(std::move(forwarded), answer.done());
  const absl::StatusOr<admin::AdminReply> result = co_await answer.Get(context.cancellation);
  if (context.cancellation.cancelled()) co_return;
  if (!result.ok()) {
    co_await reply.SendError(dialects::MakePartError(result.status(), "administration"));
    co_return;
  }
  co_await reply.SendJson(result->http_status, result->body);
}

Edge::Edge(EdgeConfig config, EdgePorts ports, Clock& clock, RandomSource& random,
           metrics::Registry& metrics)
    : state_(std::make_unique<State>(std::move(config), ports, clock, random, metrics)) {}

Edge::~Edge() {
  Drain(absl::ZeroDuration());
  state_->network.Stop();
  state_->workers.clear();  // their connections belong to the contexts that go next
}

absl::Status Edge::Start() { return state_->Start(); }

std::vector<std::string> Edge::addresses() const {
  std::vector<std::string> addresses;
  for (const auto& listener : state_->listeners) addresses.push_back(listener->address());
  return addresses;
}

void Edge::SetReadiness(std::function<std::string()> not_ready) {
  state_->not_ready = std::move(not_ready);
}

void Edge::SetAdminBackend(admin::AdminBackend& backend) { state_->admin_backend = &backend; }

void Edge::Drain(absl::Duration timeout) {
  state_->draining = true;
  for (const auto& listener : state_->listeners) listener->Drain(timeout);
}

call::CredentialCache& Edge::credentials() { return state_->credentials; }

absl::Status Edge::Validate(const std::shared_ptr<const domain::ResourceSet>& draft) {
  for (const auto& [name, connection] : draft->connections) {
    const absl::StatusOr<http::Url> url = http::ParseUrl(connection.url);
    if (!url.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("Connection/", name, ": spec.url: ", url.status().message()));
    }
  }
  return absl::OkStatus();
}

absl::Status Edge::Serve(std::shared_ptr<const domain::ResourceSet> set) {
  state_->resources.Serve(std::move(set));
  return absl::OkStatus();
}

}  // namespace countersign::edge
