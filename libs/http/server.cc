#include "libs/http/server.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <map>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "libs/http/address.h"
#include "libs/http/http1_connection.h"

namespace countersign::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);

constexpr auto kAcceptPause = std::chrono::milliseconds(100);
constexpr auto kLastWords = std::chrono::seconds(2);

class Http1Listener final : public Listener {
 public:
  Http1Listener(Workers& workers, tcp::acceptor acceptor, TlsContext tls, ServerOptions options,
                Handler handler)
      : workers_(workers),
        acceptor_(std::move(acceptor)),
        pause_(acceptor_.get_executor()),
        tls_(std::move(tls)),
        shared_(std::make_shared<const Http1Shared>(
            Http1Shared{std::move(options), std::move(handler)})) {
    const tcp::endpoint endpoint = acceptor_.local_endpoint();
    const std::string host = endpoint.address().to_string();
    address_ = endpoint.address().is_v6() ? absl::StrCat("[", host, "]:", endpoint.port())
                                          : absl::StrCat(host, ":", endpoint.port());
    asio::co_spawn(
        acceptor_.get_executor(), [this]() { return AcceptAll(); }, asio::detached);
  }

  ~Http1Listener() override { Drain(absl::ZeroDuration()); }

  const std::string& address() const override { return address_; }

  void Drain(absl::Duration timeout) override {
    asio::post(acceptor_.get_executor(), [this] {
      draining_ = true;
      boost::system::error_code ignored;
      acceptor_.close(ignored);
      pause_.cancel();
    });
    {
      std::unique_lock<std::mutex> lock(mutex_);
      idle_.wait(lock, [this] { return !accepting_; });
    }
    ForEach([](Http1Connection& connection) { connection.FinishSoon(); });
    if (Wait(absl::ToChronoNanoseconds(timeout))) return;
    ForEach([](Http1Connection& connection) {
      connection.StopNow(absl::AbortedError("the gateway is shutting down"));
    });
    if (Wait(kLastWords)) return;
    ForEach([](Http1Connection& connection) { connection.Close(); });
    Wait(std::chrono::hours(1));
  }

 private:
  Awaitable<void> AcceptAll() {
    while (!draining_) {
      asio::io_context& context = workers_.Next();
      auto [error, socket] = co_await acceptor_.async_accept(context.get_executor(), kTuple);
      if (draining_) break;
      if (error) {
        // Out of descriptors, most likely: the ones in use come back.
        pause_.expires_after(kAcceptPause);
        co_await pause_.async_wait(kTuple);
        continue;
      }
      Begin(context, std::move(socket));
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    accepting_ = false;
    idle_.notify_all();
  }

  void Begin(asio::io_context& context, Stream::Socket socket) {
    auto connection = std::make_shared<Http1Connection>(std::move(socket), shared_);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (connections_.size() >= shared_->options.max_connections) return;
      connections_.emplace(connection.get(), Entry{connection, &context});
    }
    asio::co_spawn(
        context, [connection, tls = tls_]() { return connection->Run(tls); },
        [this, connection](std::exception_ptr) {
          const std::lock_guard<std::mutex> lock(mutex_);
          connections_.erase(connection.get());
          idle_.notify_all();
        });
  }

  void ForEach(void (*apply)(Http1Connection&)) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [key, entry] : connections_) {
      asio::post(*entry.context, [connection = entry.connection, apply] {
        if (const auto alive = connection.lock()) apply(*alive);
      });
    }
  }

  bool Wait(std::chrono::nanoseconds timeout) {
    std::unique_lock<std::mutex> lock(mutex_);
    return idle_.wait_for(lock, timeout, [this] { return connections_.empty(); });
  }

  struct Entry {
    std::weak_ptr<Http1Connection> connection;
    asio::io_context* context;
  };

  Workers& workers_;
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  const TlsContext tls_;
  const std::shared_ptr<const Http1Shared> shared_;
  std::string address_;
  bool draining_ = false;  // on the acceptor's executor

  std::mutex mutex_;
  std::condition_variable idle_;
  bool accepting_ = true;
  std::map<Http1Connection*, Entry> connections_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> ListenHttp1(Workers& workers, const std::string& address,
                                                      TlsContext tls, ServerOptions options,
                                                      Handler handler) {
  const absl::StatusOr<HostPort> parsed = ParseHostPort(address);
  if (!parsed.ok()) return parsed.status();
  asio::io_context& context = workers.at(0);
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
  return std::make_unique<Http1Listener>(workers, std::move(acceptor), std::move(tls),
                                         std::move(options), std::move(handler));
}

}  // namespace countersign::http
