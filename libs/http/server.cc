#include "libs/http/server.h"

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/async/condition.h"
#include "libs/async/spawn.h"
#include "libs/base/mutex.h"
#include "libs/http/address.h"
#include "libs/http/await_operation.h"
#include "libs/http/incoming_connection.h"
#include "libs/http/io_loop.h"
#include "libs/http/limits/connection_table.h"

namespace countersign::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr absl::Duration kAcceptPause = absl::Milliseconds(100);
constexpr absl::Duration kLastWords = absl::Seconds(2);

class HttpListener final : public Listener {
 public:
  HttpListener(Workers& workers, tcp::acceptor acceptor, security::TlsContext tls,
               ServerOptions options, Handler handler)
      : workers_(workers),
        loop_(workers.at(0)),
        acceptor_(std::move(acceptor)),
        pause_(loop_),
        table_(TableLimits(options)),
        serving_(std::make_shared<const Serving>(Serving{std::move(options), std::move(handler)})),
        tls_(std::move(tls)) {
    const tcp::endpoint endpoint = acceptor_.local_endpoint();
    const std::string host = endpoint.address().to_string();
    address_ = endpoint.address().is_v6() ? absl::StrCat("[", host, "]:", endpoint.port())
                                          : absl::StrCat(host, ":", endpoint.port());
    async::Spawn(loop_, AcceptAll());
  }

  ~HttpListener() override { Drain(absl::ZeroDuration()); }

  const std::string& address() const override { return address_; }

  void SetTls(security::TlsContext tls) override {
    const MutexLock lock(mutex_);
    tls_ = std::move(tls);
  }

  void Drain(absl::Duration timeout) override {
    StopAccepting();
    {
      const MutexLock lock(mutex_);
      changed_.Wait(mutex_, [this]() CS_REQUIRES(mutex_) { return !accepting_; });
    }
    ForEach([](IncomingConnection& connection) { connection.FinishSoon(); });
    if (Wait(timeout)) return;
    ForEach([](IncomingConnection& connection) {
      connection.Cancel(absl::AbortedError("the gateway is shutting down"));
    });
    if (Wait(kLastWords)) return;
    ForEach([](IncomingConnection& connection) { connection.Close(); });
    Wait(absl::Hours(1));
  }

 private:
  static limits::ConnectionTable::Limits TableLimits(const ServerOptions& options) {
    limits::ConnectionTable::Limits limits;
    limits.connections = options.max_connections;
    limits.reserved_for_verified =
        std::min(options.reserved_for_verified, options.max_connections / 2);
    limits.unverified_per_source = options.max_unverified_per_source;
    return limits;
  }

  // Only the first call posts: after a later one this object may be gone before the loop runs it.
  void StopAccepting() {
    {
      const MutexLock lock(mutex_);
      if (std::exchange(stopping_, true)) return;
    }
    loop_.Post([this] {
      draining_ = true;
      boost::system::error_code ignored;
      acceptor_.close(ignored);
      pause_.Notify();
    });
  }

  Awaitable<void> AcceptAll() {
    while (!draining_) {
      IoLoop& loop = workers_.Next();
      auto [error, socket] = co_await acceptor_.async_accept(loop.context().get_executor(), kAwait);
      if (draining_) break;
      if (error) {
        // Usually out of descriptors: close the connection that has been idle longest.
        table_.EvictOldest();
        co_await pause_.WaitFor(kAcceptPause);
        continue;
      }
      Begin(loop, std::move(socket));
    }
    const MutexLock lock(mutex_);
    accepting_ = false;
    changed_.NotifyAll();
  }

  void Begin(IoLoop& loop, Stream::Socket socket) {
    auto connection = std::make_shared<IncomingConnection>(std::move(socket), loop, serving_);
    std::unique_ptr<limits::ConnectionTable::Place> place =
        table_.Admit(connection->source(), [&loop, evicted = std::weak_ptr(connection)] {
          loop.Post([evicted] {
            if (const auto alive = evicted.lock()) alive->Close();
          });
        });
    if (place == nullptr) return;
    security::TlsContext tls;
    {
      const MutexLock lock(mutex_);
      connections_.emplace(connection.get(), Entry{connection, &loop});
      tls = tls_;
    }
    async::Spawn(loop, connection->Run(std::move(tls), std::move(place)),
                 [this, connection](std::exception_ptr) {
                   const MutexLock lock(mutex_);
                   connections_.erase(connection.get());
                   changed_.NotifyAll();
                 });
  }

  void ForEach(void (*apply)(IncomingConnection&)) {
    const MutexLock lock(mutex_);
    for (const auto& [key, entry] : connections_) {
      entry.loop->Post([connection = entry.connection, apply] {
        if (const auto alive = connection.lock()) apply(*alive);
      });
    }
  }

  // Waits until all connections have ended; false after `timeout`.
  bool Wait(absl::Duration timeout) {
    const MutexLock lock(mutex_);
    return changed_.WaitFor(mutex_, timeout,
                            [this]() CS_REQUIRES(mutex_) { return connections_.empty(); });
  }

  struct Entry {
    std::weak_ptr<IncomingConnection> connection;
    IoLoop* loop;
  };

  Workers& workers_;
  IoLoop& loop_;
  tcp::acceptor acceptor_;
  async::Condition pause_;
  limits::ConnectionTable table_;
  const std::shared_ptr<const Serving> serving_;
  std::string address_;
  bool draining_ = false;  // used on the loop only

  Mutex mutex_;
  CondVar changed_;
  security::TlsContext tls_ CS_GUARDED_BY(mutex_);
  bool stopping_ CS_GUARDED_BY(mutex_) = false;
  bool accepting_ CS_GUARDED_BY(mutex_) = true;
  std::map<IncomingConnection*, Entry> connections_ CS_GUARDED_BY(mutex_);
};

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> ListenHttp(Workers& workers, const std::string& address,
                                                     security::TlsContext tls,
                                                     ServerOptions options, Handler handler) {
  const absl::StatusOr<HostPort> parsed = ParseHostPort(address);
  if (!parsed.ok()) return parsed.status();
  asio::io_context& context = workers.at(0).context();
  boost::system::error_code error;
  tcp::resolver resolver(context);
  const auto found = resolver.resolve(parsed->host.empty() ? "0.0.0.0" : parsed->host,
                                      absl::StrCat(parsed->port), tcp::resolver::passive, error);
  const auto unavailable = [&] {
    return absl::UnavailableError(
        absl::StrCat("cannot listen on ", address, ": ", error.message()));
  };
  if (error || found.empty()) return unavailable();
  const tcp::endpoint endpoint = found.begin()->endpoint();
  tcp::acceptor acceptor(context);
  if (acceptor.open(endpoint.protocol(), error)) return unavailable();
  acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (acceptor.bind(endpoint, error)) return unavailable();
  if (acceptor.listen(1024, error)) return unavailable();
  return std::make_unique<HttpListener>(workers, std::move(acceptor), std::move(tls),
                                        std::move(options), std::move(handler));
}

}  // namespace countersign::http
