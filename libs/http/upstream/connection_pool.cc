#include "libs/http/upstream/connection_pool.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/async/spawn.h"
#include "libs/http/upstream/connect.h"

namespace countersign::http::upstream {
namespace {

// Origins that are remembered without a connection.
constexpr std::size_t kMaxOrigins = 1'000;

bool SpeaksHttp2(const Stream& stream, const Target& target) {
  return stream.is_tls() ? stream.AlpnProtocol() == "h2" : target.version == Version::kHttp2;
}

}  // namespace

// A request that waits for a connection or a stream, in the order of arrival.
class ConnectionPool::Waiter {
 public:
  Waiter(IoLoop& loop, OriginState& origin) : changed(loop), origin_(origin) {
    origin_.waiters.push_back(this);
  }
  ~Waiter() {
    origin_.waiters.erase(std::find(origin_.waiters.begin(), origin_.waiters.end(), this));
    if (!origin_.waiters.empty()) {
      origin_.waiters.front()->changed.Notify();
    } else if (origin_.connecting != nullptr) {
      origin_.connecting->Cancel(absl::CancelledError("nobody waits for the connection"));
    }
  }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  bool IsFirst() const { return origin_.waiters.front() == this; }

  async::Condition changed;
  absl::Status failure;
  std::unique_ptr<Stream> http1;

 private:
  OriginState& origin_;
};

ConnectionPool::ConnectionPool(IoLoop& loop, std::shared_ptr<const ClientOptions> options)
    : loop_(loop), options_(std::move(options)), idle_(loop, options_->max_idle_per_origin) {}

ConnectionPool::~ConnectionPool() {
  for (const auto& [key, origin] : origins_) {
    for (const auto& connection : origin.connections) connection->FinishSoon();
  }
}

std::string ConnectionPool::MakeKey(const Target& target) {
  return absl::StrCat(target.origin.tls ? "s" : "c", target.allow_private ? "p" : "-",
                      static_cast<int>(target.version), target.origin.HostHeader(), "\n",
                      target.client_certificate_pem.Reveal());
}

bool ConnectionPool::MayBeHttp2(const Target& target) const {
  if (target.version != Version::kNegotiated) return target.version == Version::kHttp2;
  return target.origin.tls && options_->http2.offered;
}

void ConnectionPool::Keep(const std::string& key, bool tls, std::unique_ptr<Stream> stream) {
  idle_.Keep(key, std::move(stream), tls ? options_->keep_idle_tls : options_->keep_idle);
}

Awaitable<absl::StatusOr<ConnectionPool::Found>> ConnectionPool::Get(
    const Target& target, const std::string& key, async::Cancellation& cancellation) {
  if (cancellation.cancelled()) co_return cancellation.cause();
  Found found;
  found.http1 = idle_.Take(key);
  found.kept = found.http1 != nullptr;
  if (found.kept) co_return found;
  if (!MayBeHttp2(target)) co_return co_await ConnectHttp1(target, key, cancellation);
  if (origins_.size() > kMaxOrigins) DropUnused();
  absl::StatusOr<Found> waited = co_await Wait(target, key, cancellation);
  if (!waited.ok() || waited->http1 != nullptr || waited->http2 != nullptr) co_return waited;
  co_return co_await ConnectHttp1(target, key, cancellation);
}

// Connects for one request: the origin is expected to speak HTTP/1.1.
Awaitable<absl::StatusOr<ConnectionPool::Found>> ConnectionPool::ConnectHttp1(
    const Target& target, const std::string& key, async::Cancellation& cancellation) {
  absl::StatusOr<std::unique_ptr<Stream>> stream =
      co_await Connect(loop_, target, *options_, cancellation);
  if (cancellation.cancelled()) co_return cancellation.cause();
  if (!stream.ok()) co_return stream.status();
  Found found;
  if (!SpeaksHttp2(**stream, target)) {
    found.http1 = *std::move(stream);
    co_return found;
  }
  Adopt(key, *std::move(stream));
  found.http2 = origins_[key].connections.back();
  co_return found;
}

Awaitable<absl::StatusOr<ConnectionPool::Found>> ConnectionPool::Wait(
    const Target& target, const std::string& key, async::Cancellation& cancellation) {
  const async::TimePoint deadline = async::Executor(loop_).After(options_->connect_timeout);
  OriginState& origin = origins_[key];  // exists while there is a waiter
  Waiter waiter(loop_, origin);
  const async::Cancellation::Watch watch(cancellation, [&waiter] { waiter.changed.Notify(); });
  while (true) {
    if (cancellation.cancelled()) co_return cancellation.cause();
    if (!waiter.failure.ok()) co_return waiter.failure;
    Found found;
    found.http1 = std::move(waiter.http1);
    if (found.http1 != nullptr || origin.http1) co_return found;
    const std::shared_ptr<http2::ClientConnection> room = FindRoom(origin);
    if (room != nullptr && waiter.IsFirst()) {
      found.http2 = room;
      co_return found;
    }
    const bool more = origin.connections.size() < options_->http2.max_connections;
    if (room == nullptr && more && origin.connecting == nullptr) {
      origin.connecting = std::make_shared<async::Cancellation>();
      async::Spawn(loop_, ConnectFor(shared_from_this(), target, key, origin.connecting));
      continue;
    }
    const absl::Duration left = absl::FromChrono(deadline - loop_.Now());
    if (origin.connecting == nullptr && left <= absl::ZeroDuration()) {
      co_return absl::DeadlineExceededError("the upstream takes no more requests");
    }
    co_await waiter.changed.WaitFor(origin.connecting == nullptr ? left : absl::InfiniteDuration());
  }
}

Awaitable<void> ConnectionPool::ConnectFor(std::shared_ptr<ConnectionPool> self, Target target,
                                           std::string key,
                                           std::shared_ptr<async::Cancellation> cancellation) {
  OriginState& origin = self->origins_[key];  // exists while something is connecting
  absl::StatusOr<std::unique_ptr<Stream>> stream =
      co_await Connect(self->loop_, target, *self->options_, *cancellation);
  origin.connecting = nullptr;
  if (cancellation->cancelled() || !stream.ok()) {
    for (Waiter* waiter : origin.waiters) {
      if (!cancellation->cancelled()) waiter->failure = stream.status();
      waiter->changed.Notify();
    }
    co_return;
  }
  origin.http1 = !SpeaksHttp2(**stream, target);
  if (!origin.http1) {
    self->Adopt(key, *std::move(stream));
  } else if (!origin.waiters.empty()) {
    origin.waiters.front()->http1 = *std::move(stream);
  } else {
    self->Keep(key, target.origin.tls, *std::move(stream));
  }
  for (Waiter* waiter : origin.waiters) waiter->changed.Notify();
}

std::shared_ptr<http2::ClientConnection> ConnectionPool::FindRoom(OriginState& origin) {
  for (const auto& connection : origin.connections) {
    if (connection->HasRoom()) return connection;
  }
  return nullptr;
}

void ConnectionPool::Adopt(const std::string& key, std::unique_ptr<Stream> stream) {
  OriginState& origin = origins_[key];
  origin.http1 = false;
  auto connection = std::make_shared<http2::ClientConnection>(
      std::move(stream), options_, [pool = weak_from_this(), key] {
        if (const auto self = pool.lock(); self != nullptr) self->OnChange(key);
      });
  connection->Start();
  origin.connections.push_back(std::move(connection));
}

void ConnectionPool::Forget(const std::string& key, const http2::ClientConnection& connection) {
  const auto origin = origins_.find(key);
  if (origin == origins_.end()) return;
  std::erase_if(origin->second.connections,
                [&connection](const auto& each) { return each.get() == &connection; });
}

void ConnectionPool::OnChange(const std::string& key) {
  const auto found = origins_.find(key);
  if (found == origins_.end()) return;
  OriginState& origin = found->second;
  std::erase_if(origin.connections, [](const auto& each) { return each->IsDone(); });
  if (!origin.waiters.empty()) origin.waiters.front()->changed.Notify();
}

void ConnectionPool::DropUnused() {
  std::erase_if(origins_, [](const auto& entry) {
    const OriginState& origin = entry.second;
    return origin.connections.empty() && origin.waiters.empty() && origin.connecting == nullptr;
  });
}

}  // namespace countersign::http::upstream
