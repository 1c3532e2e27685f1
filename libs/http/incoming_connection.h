#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "libs/http/limits/connection_table.h"
#include "libs/http/server_connection.h"
#include "libs/http/stream.h"

namespace countersign::http {

// A connection from its acceptance on: finishes the TLS handshake, finds the caller's version of
// HTTP and serves it. Over TLS the caller chooses with ALPN ("h2"; otherwise HTTP/1.1), in
// cleartext with its first bytes: HTTP/2 begins with a preface that is no HTTP/1.1 request.
//
// All members except the constructor are called on the stream's executor, and until Run has
// returned.
class IncomingConnection {
 public:
  IncomingConnection(Stream::Socket socket, IoLoop& loop, std::shared_ptr<const Serving> serving);

  const std::string& source() const { return source_; }  // see Stream::PeerSource

  // `place` is held until the connection ends.
  Awaitable<void> Run(security::TlsContext tls,
                      std::unique_ptr<limits::ConnectionTable::Place> place);

  void FinishSoon();                // see ServerConnection
  void Cancel(absl::Status cause);  // of the exchanges in progress
  void Close();

 private:
  Awaitable<absl::Status> Begin(security::TlsContext tls);
  Awaitable<absl::Status> ReadFirstBytes();
  std::shared_ptr<ServerConnection> MakeServerConnection(limits::ConnectionTable::Place& place);

  std::unique_ptr<Stream> stream_;  // until the version is known
  const std::shared_ptr<const Serving> serving_;
  const std::string source_;
  std::string received_;
  bool http2_ = false;
  std::shared_ptr<ServerConnection> served_;
};

}  // namespace countersign::http
