#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "libs/http/exchange.h"
#include "libs/http/limits/connection_table.h"
#include "libs/http/server.h"
#include "libs/http/stream.h"

namespace countersign::http {

// Shared by the connections of one listener.
struct Serving {
  ServerOptions options;
  Handler handler;
};

// A connection whose version of HTTP is known.
struct Accepted {
  std::unique_ptr<Stream> stream;
  std::string received;  // read so far, with the version's first bytes
  limits::ConnectionTable::Place& place;
  std::shared_ptr<const Serving> serving;
};

// The server side of one connection, in one version of HTTP. Lives in a shared_ptr, which its
// coroutines hold. All members are called on the stream's executor.
class ServerConnection {
 public:
  virtual ~ServerConnection() = default;

  // Serves requests until the connection ends; then no handler runs and the place is no longer
  // used.
  virtual Awaitable<void> Run() = 0;

  // Accepts no further requests; ends when those in progress have ended.
  virtual void FinishSoon() = 0;
  // Cancels the exchanges in progress.
  virtual void Cancel(absl::Status cause) = 0;
  // Cuts the connection off.
  virtual void Close() = 0;
};

}  // namespace countersign::http
