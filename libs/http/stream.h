#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/async/awaitable.h"
#include "libs/async/executor.h"
#include "libs/http/io_loop.h"
#include "libs/http/security/tls_context.h"

namespace countersign::http {

using async::Awaitable;

// A TCP connection on one event loop, with or without TLS. One read and one write may be
// outstanding at the same time. Every operation has a time limit, after which the connection is
// closed. Errors: DEADLINE_EXCEEDED (the limit), CANCELLED (Close), UNAVAILABLE (the network).
//
// Must be kept alive by the code that awaits its operations.
class Stream {
 public:
  using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp,
                                                  boost::asio::io_context::executor_type>;

  Stream(Socket socket, IoLoop& loop);  // `socket` belongs to `loop`'s context
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // The TLS handshake as server, or as client with `server_name` sent as SNI and verified against
  // the certificate, and `protocols` offered as ALPN encodes them.
  Awaitable<absl::Status> AcceptTls(security::TlsContext context, absl::Duration timeout);
  Awaitable<absl::Status> ConnectTls(security::TlsContext context, const std::string& server_name,
                                     absl::string_view protocols, absl::Duration timeout);

  // Waits for something to read, so that a buffer is needed only then; returns at once over TLS,
  // where the next bytes may have been received already.
  Awaitable<absl::Status> AwaitReadable(absl::Duration timeout);

  // Reads up to `size` bytes, at least one; 0 at the end of the peer's stream.
  Awaitable<absl::StatusOr<std::size_t>> ReadSome(char* data, std::size_t size,
                                                  absl::Duration timeout);
  // Writes all bytes. Returns when the kernel has taken the last one, so a peer that does not read
  // slows its writer.
  Awaitable<absl::Status> Write(absl::string_view bytes, absl::Duration timeout);
  Awaitable<absl::Status> Write(absl::string_view first, absl::string_view second,
                                absl::Duration timeout);

  // Limits the outstanding write to at most `timeout` from now.
  void ShortenWriteDeadline(absl::Duration timeout);

  // Closes our direction; the peer's can still be read.
  Awaitable<void> ShutdownWrite(absl::Duration timeout);

  // Closes the connection; outstanding operations return CANCELLED.
  void Close();

  // Whether the peer has closed its direction, or the connection is broken or closed, even if
  // unread bytes remain. Does not wait.
  bool PeerLeft();

  // Whether the connection is broken or closed, so that the peer receives nothing. Does not wait.
  bool IsBroken();

  // Sends a few bytes if the kernel takes all of them now. Only without TLS, and while no write is
  // outstanding.
  bool SendNow(absl::string_view bytes);

  bool is_tls() const { return tls_.has_value(); }
  absl::string_view AlpnProtocol() const;  // after the handshake; "" without one

  // Whether an idle connection can carry another request: the peer has neither closed it nor sent
  // anything unexpected. Does not wait.
  bool IsReusable();

  IoLoop& loop() { return loop_; }
  std::string PeerAddress() const;
  std::string PeerSource() const;  // see GetSource in libs/http/address.h

 private:
  template <typename Source>
  Awaitable<absl::StatusOr<std::size_t>> ReadFrom(Source& source,
                                                  boost::asio::mutable_buffer buffer,
                                                  absl::Duration timeout);
  using TimePoint = async::TimePoint;

  void Limit(TimePoint& deadline, absl::Duration timeout);
  void Arm(TimePoint when);
  void OnTimer();
  absl::Status ToStatus(const boost::system::error_code& error) const;

  IoLoop& loop_;
  Socket socket_;
  std::optional<boost::asio::ssl::stream<Socket&>> tls_;
  security::TlsContext tls_context_;
  const std::unique_ptr<async::Timer> timer_;
  TimePoint read_deadline_ = TimePoint::max();
  TimePoint write_deadline_ = TimePoint::max();
  TimePoint armed_for_ = TimePoint::max();
  bool timed_out_ = false;
  bool closed_ = false;
};

}  // namespace countersign::http
