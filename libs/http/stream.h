#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/http/tls.h"

namespace countersign::http {

template <typename T>
using Awaitable = boost::asio::awaitable<T>;

// A TCP connection, with or without TLS, on one executor. One read and one write may be under way
// at the same time. Every operation has a time limit; when it passes, the connection is closed.
// Errors: DEADLINE_EXCEEDED (the limit), CANCELLED (Close was called), UNAVAILABLE (the network).
//
// Must be kept alive by whoever awaits its operations.
class Stream {
 public:
  using Executor = boost::asio::io_context::executor_type;
  using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Executor>;

  explicit Stream(Socket socket);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // The server's half of a TLS handshake, or the client's with `server_name` sent as SNI and
  // verified against the certificate.
  Awaitable<absl::Status> AcceptTls(TlsContext context, absl::Duration timeout);
  Awaitable<absl::Status> ConnectTls(TlsContext context, const std::string& server_name,
                                     absl::Duration timeout);

  // Up to `size` bytes, at least one; 0 when the peer has ended the stream in order.
  Awaitable<absl::StatusOr<std::size_t>> ReadSome(char* data, std::size_t size,
                                                  absl::Duration timeout);
  // All of it. Returns when the kernel has taken the last byte, so a peer that does not read slows
  // its writer.
  Awaitable<absl::Status> Write(absl::string_view bytes, absl::Duration timeout);
  Awaitable<absl::Status> Write(absl::string_view first, absl::string_view second,
                                absl::Duration timeout);

  // Gives the write that is under way at most this much longer.
  void HurryWrite(absl::Duration timeout);

  // Ends our direction; the peer's can still be read.
  Awaitable<void> ShutdownWrite(absl::Duration timeout);

  // Drops the connection; what is under way answers CANCELLED.
  void Close();

  // True when the peer has ended its direction, or the connection is broken or closed, even if
  // bytes from before wait to be read. Does not wait.
  bool PeerLeft();

  // False when the peer has closed, or has sent something, while nobody was reading: an idle
  // connection of which this is true should not be used. Does not wait.
  bool QuietAndOpen();

  Executor executor() { return socket_.get_executor(); }
  std::string PeerAddress() const;

 private:
  using TimePoint = std::chrono::steady_clock::time_point;
  struct Alive;

  void Limit(TimePoint& deadline, absl::Duration timeout);
  void Arm(TimePoint when);
  void OnTimer();
  absl::Status StatusOf(const boost::system::error_code& error) const;

  Socket socket_;
  std::optional<boost::asio::ssl::stream<Socket&>> tls_;
  TlsContext tls_context_;
  boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                    boost::asio::wait_traits<std::chrono::steady_clock>, Executor>
      timer_;
  TimePoint read_deadline_ = TimePoint::max();
  TimePoint write_deadline_ = TimePoint::max();
  TimePoint armed_for_ = TimePoint::max();
  bool timed_out_ = false;
  bool closed_ = false;
  std::shared_ptr<Stream*> self_;  // null inside when destroyed: a late timer finds nothing
};

}  // namespace countersign::http
