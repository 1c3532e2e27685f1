#include "services/edge/http_transport/http_transport.h"

#include <algorithm>
#include <utility>

#include "libs/async/cancellation.h"
#include "libs/async/spawn.h"
#include "libs/base/status.h"
#include "libs/http/io_loop.h"
#include "libs/http/upstream/connect.h"
#include "libs/log/log.h"
#include "services/edge/http_transport/http_caller_connection.h"
#include "services/edge/http_transport/http_upstream.h"

namespace countersign::edge::http_transport {
namespace {

constexpr absl::Duration kCertificateRefresh = absl::Seconds(10);

constexpr absl::Duration kGrace = absl::Seconds(1);  // for answers that are on their way

// The results of several attempts to connect.
class Attempts {
 public:
  explicit Attempts(std::size_t count)
      : missing_(count), results_(count, absl::DeadlineExceededError("no answer in time")) {}

  void Set(std::size_t index, absl::Status result) {
    const MutexLock lock(mutex_);
    results_[index] = std::move(result);
    --missing_;
    changed_.NotifyAll();
  }
  std::vector<absl::Status> Wait(absl::Duration timeout) {
    const MutexLock lock(mutex_);
    changed_.WaitFor(mutex_, timeout, [this]() CS_REQUIRES(mutex_) { return missing_ == 0; });
    return results_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::size_t missing_ CS_GUARDED_BY(mutex_);
  std::vector<absl::Status> results_ CS_GUARDED_BY(mutex_);
};

async::Awaitable<void> TryOne(http::IoLoop& loop, http::Target target, http::ClientOptions options,
                              std::shared_ptr<Attempts> attempts, std::size_t index) {
  async::Cancellation cancellation;
  const auto stream = co_await http::upstream::Connect(loop, target, options, cancellation);
  attempts->Set(index, stream.status());
}

void LogReload(const absl::Status& status) {
  if (status.ok()) return;
  log::Error("a public certificate was replaced by an unusable one; the old one is still served",
             {{"error", status.message()}});
}

}  // namespace

struct HttpTransport::Worker {
  Worker(http::IoLoop& loop, async::Executor executor, const http::ClientOptions& options,
         ThreadPool& body_pool)
      : client(loop, options), upstream(client, executor, body_pool) {}
  http::Client client;
  HttpUpstream upstream;
};

HttpTransport::HttpTransport(const HttpOptions& options, std::size_t max_response_bytes,
                             ThreadPool& body_pool, RequestHandler& handler)
    : options_(options),
      max_response_bytes_(max_response_bytes),
      body_pool_(body_pool),
      handler_(handler),
      network_(options.threads) {}

HttpTransport::~HttpTransport() {
  Drain(absl::ZeroDuration());
  network_.Stop();
  workers_.clear();  // their connections belong to the loops that are destroyed next
}

absl::Status HttpTransport::Start() {
  http::ClientOptions& client = client_options_;
  CS_ASSIGN_OR_RETURN(client.tls, http::security::ClientTls(options_.upstream_ca_file));
  client.ca_file = options_.upstream_ca_file;
  client.connect_timeout = options_.connect_timeout;
  client.first_byte_timeout = options_.first_byte_timeout;
  client.idle_timeout = options_.upstream_idle_timeout;
  client.max_content_length = max_response_bytes_;
  client.http2 = options_.upstream_http2;
  for (std::size_t i = 0; i < network_.size(); ++i) {
    workers_[network_.executor(i)] =
        std::make_unique<Worker>(network_.at(i), network_.executor(i), client, body_pool_);
  }
  for (const ListenOn& listen : options_.listen) CS_RETURN_IF_ERROR(Listen(listen));
  reload_ = std::make_unique<async::PeriodicTask>(
      kCertificateRefresh,
      async::PeriodicTask::Work{[this] { return ReloadCertificates(); }, LogReload},
      async::PeriodicTask::First::kAfterInterval);
  return absl::OkStatus();
}

absl::Status HttpTransport::Listen(const ListenOn& listen) {
  const bool secure = !listen.certificate_file.empty();
  http::security::ServerCertificate certificate(listen.certificate_file, listen.key_file);
  http::security::TlsContext tls;
  if (secure) {
    CS_ASSIGN_OR_RETURN(tls, certificate.LoadIfChanged());
  }
  CS_ASSIGN_OR_RETURN(
      std::unique_ptr<http::Listener> listener,
      http::ListenHttp(network_, listen.address, tls, MakeServerOptions(),
                       [this](http::Exchange& exchange) { return Handle(exchange); }));
  listeners_.push_back(std::move(listener));
  if (secure) {
    const MutexLock lock(certificates_mutex_);
    certificates_.push_back({std::move(certificate), *listeners_.back()});
  }
  return absl::OkStatus();
}

absl::Status HttpTransport::ReloadCertificates() {
  const MutexLock lock(certificates_mutex_);
  absl::Status result;
  for (Served& served : certificates_) {
    absl::StatusOr<http::security::TlsContext> changed = served.certificate.LoadIfChanged();
    result.Update(changed.status());
    if (changed.ok() && *changed != nullptr) {
      served.listener.SetTls(*std::move(changed));
      log::Info("serving a new certificate", {{"address", served.listener.address()}});
    }
  }
  return result;
}

http::ServerOptions HttpTransport::MakeServerOptions() {
  http::ServerOptions options;
  options.max_connections = options_.max_connections;
  options.reserved_for_verified = options_.max_connections / 4;
  options.max_unverified_per_source = options_.max_unverified_per_source;
  options.max_head_bytes = options_.max_head_bytes;
  options.max_head_fields = options_.max_head_fields;
  options.max_body_bytes = options_.max_body_bytes;
  options.first_byte_timeout = options_.new_connection_timeout;
  options.head_timeout = options_.head_timeout;
  options.body_timeout = options_.body_timeout;
  options.body_total_timeout = options_.body_total_timeout;
  options.idle_timeout = options_.idle_timeout;
  options.write_timeout = options_.write_timeout;
  options.http2 = options_.http2;
  options.refuse = [this](int status) {
    RequestHandler::WholeReply reply = handler_.RefuseUnread(status);
    http::ServerOptions::Refusal refusal;
    refusal.headers = ToHttp(reply.head.headers);
    refusal.body = std::move(reply.body);
    return refusal;
  };
  return options;
}

async::Awaitable<void> HttpTransport::Handle(http::Exchange& exchange) {
  HttpCallerConnection caller(exchange);
  co_await handler_.Handle(caller, workers_.at(exchange.executor())->upstream);
}

std::vector<std::string> HttpTransport::addresses() const {
  std::vector<std::string> addresses;
  for (const auto& listener : listeners_) addresses.push_back(listener->address());
  return addresses;
}

std::vector<absl::Status> HttpTransport::TryConnect(const std::vector<http::Target>& targets,
                                                    absl::Duration timeout) {
  http::ClientOptions options = client_options_;
  options.connect_timeout = std::min(options.connect_timeout, timeout);
  const auto attempts = std::make_shared<Attempts>(targets.size());
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const std::size_t worker = i % network_.size();
    async::Spawn(network_.executor(worker),
                 TryOne(network_.at(worker), targets[i], options, attempts, i));
  }
  return attempts->Wait(timeout + kGrace);
}

void HttpTransport::Drain(absl::Duration timeout) {
  for (const auto& listener : listeners_) listener->Drain(timeout);
}

}  // namespace countersign::edge::http_transport
