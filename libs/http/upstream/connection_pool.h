#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/async/cancellation.h"
#include "libs/async/condition.h"
#include "libs/http/client_options.h"
#include "libs/http/http1/idle_connections.h"
#include "libs/http/http2/client_connection.h"
#include "libs/http/io_loop.h"
#include "libs/http/stream.h"

namespace countersign::http::upstream {

// Connections to upstreams by origin. One of HTTP/1.1 belongs to one request at a time; one of
// HTTP/2 has streams for many. Belongs to its loop. Owned by a shared_ptr.
class ConnectionPool final : public std::enable_shared_from_this<ConnectionPool> {
 public:
  // A connection that a request can be sent on: one of the two is set.
  struct Found {
    std::unique_ptr<Stream> http1;
    bool kept = false;  // http1 was used before
    std::shared_ptr<http2::ClientConnection> http2;
  };

  ConnectionPool(IoLoop& loop, std::shared_ptr<const ClientOptions> options);
  ~ConnectionPool();  // ends the connections of HTTP/2 when their streams have ended
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;

  static std::string MakeKey(const Target& target);

  // A connection for `key`, the one of `target`: one that exists, or a new one. A stream must be
  // begun before anything else is awaited. Requests to an origin whose version is not known, or is
  // HTTP/2, wait for one attempt to connect instead of making one each. Errors: see Client::Send.
  Awaitable<absl::StatusOr<Found>> Get(const Target& target, const std::string& key,
                                       async::Cancellation& cancellation);

  // Keeps a connection of HTTP/1.1 for the next request.
  void Keep(const std::string& key, bool tls, std::unique_ptr<Stream> stream);

  // The next Get for `key` must not find `connection` again, although it has room.
  void Forget(const std::string& key, const http2::ClientConnection& connection);

 private:
  class Waiter;
  // What is known of an origin that may speak HTTP/2.
  struct OriginState {
    bool http1 = false;  // the last connection chose HTTP/1.1
    std::vector<std::shared_ptr<http2::ClientConnection>> connections;
    std::deque<Waiter*> waiters;
    std::shared_ptr<async::Cancellation> connecting;  // null when nothing is connecting
  };

  bool MayBeHttp2(const Target& target) const;
  Awaitable<absl::StatusOr<Found>> ConnectHttp1(const Target& target, const std::string& key,
                                                async::Cancellation& cancellation);
  // Nothing found: the origin chose HTTP/1.1.
  Awaitable<absl::StatusOr<Found>> Wait(const Target& target, const std::string& key,
                                        async::Cancellation& cancellation);
  static Awaitable<void> ConnectFor(std::shared_ptr<ConnectionPool> self, Target target,
                                    std::string key,
                                    std::shared_ptr<async::Cancellation> cancellation);
  std::shared_ptr<http2::ClientConnection> FindRoom(OriginState& origin);
  void Adopt(const std::string& key, std::unique_ptr<Stream> stream);
  void OnChange(const std::string& key);
  void DropUnused();

  IoLoop& loop_;
  const std::shared_ptr<const ClientOptions> options_;
  http1::IdleConnections idle_;
  std::map<std::string, OriginState> origins_;
};

}  // namespace countersign::http::upstream
