#include "libs/http/stream.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/write.hpp>

#include "absl/strings/str_cat.h"
#include "libs/http/address.h"
#include "libs/http/await_operation.h"

namespace countersign::http {
namespace {

namespace asio = boost::asio;

}  // namespace

Stream::Stream(Socket socket, IoLoop& loop)
    : loop_(loop), socket_(std::move(socket)), timer_(loop.MakeTimer()) {
  boost::system::error_code ignored;
  // An event is one write and must not wait for the acknowledgement of the previous one.
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket_.set_option(asio::socket_base::keep_alive(true), ignored);
}

Stream::~Stream() { Close(); }

void Stream::Limit(TimePoint& deadline, absl::Duration timeout) {
  if (timeout == absl::InfiniteDuration()) {
    deadline = TimePoint::max();
    return;
  }
  deadline = async::Executor(loop_).After(timeout);
  if (deadline < armed_for_) Arm(deadline);
}

// Moves the timer only if it would fire too late; if it fires early it is set again. This avoids
// two changes of the timer queue per operation.
void Stream::Arm(TimePoint when) {
  armed_for_ = when;
  timer_->Start(when, [this] { OnTimer(); });
}

void Stream::OnTimer() {
  armed_for_ = TimePoint::max();
  const TimePoint next = std::min(read_deadline_, write_deadline_);
  if (next == TimePoint::max()) return;
  if (next > loop_.Now()) {
    Arm(next);
    return;
  }
  timed_out_ = true;
  Close();
}

absl::Status Stream::ToStatus(const boost::system::error_code& error) const {
  if (timed_out_) return absl::DeadlineExceededError("the peer took too long");
  if (closed_) return absl::CancelledError("the connection was closed");
  return absl::UnavailableError(error.message());
}

Awaitable<absl::Status> Stream::AcceptTls(security::TlsContext context, absl::Duration timeout) {
  tls_context_ = std::move(context);
  tls_.emplace(socket_, *tls_context_);
  Limit(read_deadline_, timeout);
  const auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::server, kAwait);
  read_deadline_ = TimePoint::max();
  if (error) co_return ToStatus(error);
  co_return absl::OkStatus();
}

Awaitable<absl::Status> Stream::ConnectTls(security::TlsContext context,
                                           const std::string& server_name,
                                           absl::string_view protocols, absl::Duration timeout) {
  tls_context_ = std::move(context);
  tls_.emplace(socket_, *tls_context_);
  SSL* ssl = tls_->native_handle();
  boost::system::error_code parse_error;
  asio::ip::make_address(server_name, parse_error);
  if (parse_error) {
    SSL_set_tlsext_host_name(ssl, server_name.c_str());
    SSL_set1_host(ssl, server_name.c_str());
  } else {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), server_name.c_str());
  }
  SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(protocols.data()),
                      static_cast<unsigned int>(protocols.size()));
  Limit(read_deadline_, timeout);
  const auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::client, kAwait);
  read_deadline_ = TimePoint::max();
  if (!error) co_return absl::OkStatus();
  const long verified = SSL_get_verify_result(ssl);
  if (verified != X509_V_OK) {
    co_return absl::UnavailableError(
        absl::StrCat("the certificate of ", server_name,
                     " is not accepted: ", X509_verify_cert_error_string(verified)));
  }
  co_return ToStatus(error);
}

Awaitable<absl::Status> Stream::AwaitReadable(absl::Duration timeout) {
  if (tls_.has_value()) co_return absl::OkStatus();
  Limit(read_deadline_, timeout);
  const auto [error] = co_await socket_.async_wait(Socket::wait_read, kAwait);
  read_deadline_ = TimePoint::max();
  if (error) co_return ToStatus(error);
  co_return absl::OkStatus();
}

Awaitable<absl::StatusOr<std::size_t>> Stream::ReadSome(char* data, std::size_t size,
                                                        absl::Duration timeout) {
  const asio::mutable_buffer buffer = asio::buffer(data, size);
  return tls_.has_value() ? ReadFrom(*tls_, buffer, timeout) : ReadFrom(socket_, buffer, timeout);
}

// A template, because a coroutine with both kinds of read would keep room for both while it waits.
template <typename Source>
Awaitable<absl::StatusOr<std::size_t>> Stream::ReadFrom(Source& source, asio::mutable_buffer buffer,
                                                        absl::Duration timeout) {
  Limit(read_deadline_, timeout);
  const auto [error, count] = co_await source.async_read_some(buffer, kAwait);
  read_deadline_ = TimePoint::max();
  if (error == asio::error::eof && !timed_out_ && !closed_) co_return std::size_t{0};
  if (error) co_return ToStatus(error);
  co_return count;
}

Awaitable<absl::Status> Stream::Write(absl::string_view bytes, absl::Duration timeout) {
  co_return co_await Write(bytes, absl::string_view(), timeout);
}

Awaitable<absl::Status> Stream::Write(absl::string_view first, absl::string_view second,
                                      absl::Duration timeout) {
  Limit(write_deadline_, timeout);
  const std::array<asio::const_buffer, 2> buffers = {asio::buffer(first.data(), first.size()),
                                                     asio::buffer(second.data(), second.size())};
  boost::system::error_code error;
  std::size_t count = 0;
  if (tls_.has_value()) {
    std::tie(error, count) = co_await asio::async_write(*tls_, buffers, kAwait);
  } else {
    std::tie(error, count) = co_await asio::async_write(socket_, buffers, kAwait);
  }
  write_deadline_ = TimePoint::max();
  if (error) co_return ToStatus(error);
  co_return absl::OkStatus();
}

void Stream::ShortenWriteDeadline(absl::Duration timeout) {
  const TimePoint before = write_deadline_;
  Limit(write_deadline_, timeout);
  write_deadline_ = std::min(before, write_deadline_);
}

Awaitable<void> Stream::ShutdownWrite(absl::Duration timeout) {
  if (tls_.has_value() && !closed_) {
    Limit(write_deadline_, timeout);
    SSL_set_shutdown(tls_->native_handle(), SSL_RECEIVED_SHUTDOWN);
    co_await tls_->async_shutdown(kAwait);
    write_deadline_ = TimePoint::max();
  }
  boost::system::error_code ignored;
  socket_.shutdown(asio::socket_base::shutdown_send, ignored);
}

absl::string_view Stream::AlpnProtocol() const {
  if (!tls_.has_value()) return {};
  const unsigned char* name = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(const_cast<Stream*>(this)->tls_->native_handle(), &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

void Stream::Close() {
  closed_ = true;
  boost::system::error_code ignored;
  timer_->Cancel();
  socket_.close(ignored);
}

bool Stream::PeerLeft() {
  if (closed_ || !socket_.is_open()) return true;
  pollfd asked = {socket_.native_handle(), POLLRDHUP, 0};
  return ::poll(&asked, 1, 0) > 0;  // POLLERR and POLLHUP are always reported
}

bool Stream::IsBroken() {
  if (closed_ || !socket_.is_open()) return true;
  pollfd asked = {socket_.native_handle(), 0, 0};
  return ::poll(&asked, 1, 0) > 0;
}

bool Stream::SendNow(absl::string_view bytes) {
  if (closed_ || !socket_.is_open() || is_tls()) return false;
  const ssize_t sent =
      ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent == static_cast<ssize_t>(bytes.size());
}

bool Stream::IsReusable() {
  if (closed_ || !socket_.is_open()) return false;
  char byte = 0;
  const ssize_t count = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

std::string Stream::PeerAddress() const {
  boost::system::error_code error;
  const auto endpoint = socket_.remote_endpoint(error);
  if (error) return "";
  return endpoint.address().to_string();
}

std::string Stream::PeerSource() const {
  boost::system::error_code error;
  const auto endpoint = socket_.remote_endpoint(error);
  return error ? "" : GetSource(endpoint.address());
}

}  // namespace countersign::http
