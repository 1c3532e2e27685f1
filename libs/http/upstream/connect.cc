#include "libs/http/upstream/connect.h"

#include <boost/asio/ip/tcp.hpp>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/http/await_operation.h"
#include "libs/http/io_loop.h"

namespace countersign::http::upstream {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

absl::Duration TimeLeft(const IoLoop& loop, async::TimePoint deadline) {
  return absl::FromChrono(deadline - loop.Now());
}

// Runs one operation with a time limit: cancelling the call, or the limit, cancels `object`.
template <typename Object>
class Limited {
 public:
  Limited(Object& object, IoLoop& loop, absl::Duration timeout, async::Cancellation& cancellation)
      : timer_(loop.MakeTimer()), watch_(cancellation, [&object] { Cancel(object); }) {
    timer_->Start(async::Executor(loop).After(timeout), [this, &object] {
      timed_out_ = true;
      Cancel(object);
    });
  }
  bool timed_out() const { return timed_out_; }

 private:
  static void Cancel(tcp::resolver& resolver) { resolver.cancel(); }
  static void Cancel(Stream::Socket& socket) {
    boost::system::error_code ignored;
    socket.cancel(ignored);
  }

  bool timed_out_ = false;
  const std::unique_ptr<async::Timer> timer_;
  const async::Cancellation::Watch watch_;
};

absl::Status ToStatus(const boost::system::error_code& error, bool timed_out,
                      const async::Cancellation& cancellation, absl::string_view what) {
  if (cancellation.cancelled()) return cancellation.cause();
  if (timed_out) return absl::DeadlineExceededError(absl::StrCat(what, " took too long"));
  return absl::UnavailableError(absl::StrCat(what, ": ", error.message()));
}

// The versions to offer, the preferred one first, as ALPN encodes them.
absl::string_view OfferedProtocols(const Target& target, const ClientOptions& options) {
  switch (target.version) {
    case Version::kHttp1: return "\x08http/1.1";
    case Version::kHttp2: return "\x02h2";
    case Version::kNegotiated: break;
  }
  return options.http2.offered ? "\x02h2\x08http/1.1" : "\x08http/1.1";
}

Awaitable<absl::StatusOr<std::vector<tcp::endpoint>>> Resolve(IoLoop& loop, const Target& target,
                                                              absl::Duration timeout,
                                                              async::Cancellation& cancellation) {
  const Origin& origin = target.origin;
  boost::system::error_code error;
  const auto literal = asio::ip::make_address(origin.host, error);
  std::vector<tcp::endpoint> found;
  if (!error) {
    found.emplace_back(literal, origin.port);
  } else {
    tcp::resolver resolver(loop.context());
    const Limited<tcp::resolver> limited(resolver, loop, timeout, cancellation);
    const auto [failed, results] =
        co_await resolver.async_resolve(origin.host, absl::StrCat(origin.port), kAwait);
    if (failed || cancellation.cancelled()) {
      co_return ToStatus(failed, limited.timed_out(), cancellation,
                         absl::StrCat("resolving ", origin.host));
    }
    for (const auto& entry : results) found.push_back(entry.endpoint());
  }
  const bool allow_private = target.allow_private || IsLiteralAddress(origin.host);
  absl::Status refused = absl::UnavailableError(absl::StrCat(origin.host, " has no address"));
  std::vector<tcp::endpoint> vetted;
  for (const tcp::endpoint& endpoint : found) {
    absl::Status vet = VetAddress(endpoint.address(), allow_private);
    if (vet.ok()) {
      vetted.push_back(endpoint);
    } else {
      refused = std::move(vet);
    }
  }
  if (vetted.empty()) co_return refused;
  co_return vetted;
}

}  // namespace

Awaitable<absl::StatusOr<std::unique_ptr<Stream>>> Connect(IoLoop& loop, const Target& target,
                                                           const ClientOptions& options,
                                                           async::Cancellation& cancellation) {
  if (cancellation.cancelled()) co_return cancellation.cause();
  const async::TimePoint deadline = async::Executor(loop).After(options.connect_timeout);
  security::TlsContext tls = options.tls;
  if (!target.client_certificate_pem.empty()) {
    absl::StatusOr<security::TlsContext> own =
        security::ClientTls(options.ca_file, target.client_certificate_pem, target.client_key_pem);
    if (!own.ok()) co_return own.status();
    tls = *std::move(own);
  }
  const absl::StatusOr<std::vector<tcp::endpoint>> endpoints =
      co_await Resolve(loop, target, options.connect_timeout, cancellation);
  if (!endpoints.ok()) co_return endpoints.status();

  absl::Status last;
  std::size_t left = endpoints->size();
  for (const tcp::endpoint& endpoint : *endpoints) {
    Stream::Socket socket(loop.context());
    const Limited<Stream::Socket> limited(
        socket, loop, TimeLeft(loop, deadline) / static_cast<double>(left--), cancellation);
    const auto [error] = co_await socket.async_connect(endpoint, kAwait);
    if (error || cancellation.cancelled()) {
      last = ToStatus(error, limited.timed_out(), cancellation,
                      absl::StrCat("connecting to ", target.origin.host));
      if (cancellation.cancelled()) co_return last;
      continue;
    }
    auto stream = std::make_unique<Stream>(std::move(socket), loop);
    if (!target.origin.tls) co_return stream;
    if (tls == nullptr) co_return absl::InvalidArgumentError("https is not set up");
    Stream& handshaking = *stream;
    const async::Cancellation::Watch watch(cancellation, [&handshaking] { handshaking.Close(); });
    absl::Status secured = co_await stream->ConnectTls(
        tls, target.origin.host, OfferedProtocols(target, options), TimeLeft(loop, deadline));
    if (cancellation.cancelled()) co_return cancellation.cause();
    if (secured.ok() && target.version == Version::kHttp2 && stream->AlpnProtocol() != "h2") {
      secured = absl::UnavailableError("the upstream does not speak HTTP/2");
    }
    if (!secured.ok()) co_return secured;
    co_return stream;
  }
  co_return last;
}

}  // namespace countersign::http::upstream
