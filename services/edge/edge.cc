#include "services/edge/edge.h"

#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/crypto/examine_certificate.h"
#include "services/edge/call/answer/output_tokens.h"
#include "services/edge/call/reflection/schema_cache.h"
#include "services/edge/examine_upstreams.h"
#include "services/edge/http_transport/http_upstream.h"
#include "services/edge/request_dispatcher.h"

namespace countersign::edge {
namespace {

grpc_calls::RpcOptions MakeRpcOptions(const EdgeConfig& config) {
  grpc_calls::RpcOptions options;
  options.unary_timeout = config.admin_timeout;
  options.max_message_bytes = config.http.max_body_bytes;
  options.piece_timeout = config.http.body_timeout;
  options.request_timeout = config.http.body_total_timeout;
  return options;
}

}  // namespace

struct Edge::State {
  State(EdgeConfig edge_config, call::Ports call_ports, Clock& clock, RandomSource& random,
        metrics::Registry& registry)
      : config(std::move(edge_config)),
        clock(clock),
        ports(call_ports),
        metrics(registry),
        credentials(config.credential_cache, clock),
        body_pool(config.calls.body_threads, config.calls.max_bodies_queued, ThreadPriority::kLow),
        failures(clock, 10, absl::Seconds(1)),
        schemas(clock),
        services{config.calls, ports,     clock,    random,   metrics, credentials,
                 resources,    body_pool, stopping, failures, &schemas},
        dispatcher(services, MakeRpcOptions(config)),
        transport(config.http, config.calls.max_response_bytes, body_pool, dispatcher) {}

  const EdgeConfig config;
  const Clock& clock;
  const call::Ports ports;
  call::CallMetrics metrics;
  call::request::CredentialCache credentials;
  call::ServedResources resources;
  ThreadPool body_pool;
  async::StopSignal stopping;
  log::Throttle failures;
  call::reflection::SchemaCache schemas;
  const call::CallServices services;
  RequestDispatcher dispatcher;
  http_transport::HttpTransport transport;  // last, because its threads use the members above
};

Edge::Edge(EdgeConfig config, call::Ports ports, Clock& clock, RandomSource& random,
           metrics::Registry& metrics)
    : state_(std::make_unique<State>(std::move(config), ports, clock, random, metrics)) {}

Edge::~Edge() { state_->dispatcher.SetDraining(); }

absl::Status Edge::Start() { return state_->transport.Start(); }

std::vector<std::string> Edge::addresses() const { return state_->transport.addresses(); }

void Edge::SetReadiness(std::function<std::string()> not_ready) {
  state_->dispatcher.SetReadiness(std::move(not_ready));
}

void Edge::SetAdminBackend(admin::AdminBackend& backend) {
  state_->dispatcher.SetAdminBackend(backend);
}

void Edge::SetRpcBackend(grpc_calls::RpcBackend& backend) {
  state_->dispatcher.SetRpcBackend(backend);
}

void Edge::SetTokenBackend(identity::TokenBackend& backend) {
  state_->dispatcher.SetTokenBackend(backend);
}

void Edge::Drain(absl::Duration timeout) {
  state_->dispatcher.SetDraining();
  state_->stopping.Stop();
  state_->transport.Drain(timeout);
}

std::vector<HealthCheck> Edge::Examine(absl::Duration timeout) {
  std::vector<HealthCheck> checks;
  for (const http_transport::ListenOn& listen : state_->config.http.listen) {
    if (listen.certificate_file.empty()) continue;
    checks.push_back(crypto::ExamineCertificate(absl::StrCat("certificate of ", listen.address),
                                                listen.certificate_file, state_->clock.Now()));
  }
  if (const auto resources = state_->resources.Current()) {
    Append(checks, ExamineUpstreams(state_->transport, *resources, timeout));
  }
  return checks;
}

call::request::CredentialCache& Edge::credentials() { return state_->credentials; }

absl::Status Edge::Validate(const std::shared_ptr<const domain::ResourceSet>& draft) {
  for (const auto& [name, connection] : draft->connections) {
    const absl::Status status = http_transport::CheckConnection(connection);
    if (!status.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("Connection/", name, ": spec.url: ", status.message()));
    }
  }
  return absl::OkStatus();
}

absl::Status Edge::Serve(std::shared_ptr<const domain::ResourceSet> set) {
  // Tokenizers are built on first use, which would delay a network thread. With a full pool they
  // are built then.
  std::ignore = state_->body_pool.TrySubmit([set] {
    for (const auto& [name, connection] : set->connections) {
      call::answer::FindTokenizer(connection, "");
    }
  });
  state_->resources.Serve(std::move(set));
  return absl::OkStatus();
}

}  // namespace countersign::edge
