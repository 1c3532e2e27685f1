#include "libs/http/connect.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace countersign::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
using SteadyPoint = std::chrono::steady_clock::time_point;

absl::Duration Until(SteadyPoint deadline) {
  return absl::FromChrono(deadline - std::chrono::steady_clock::now());
}

// One cancellable operation with a time limit: a stop or the timer cancels `object`.
template <typename Object>
class Limited {
 public:
  Limited(Object& object, absl::Duration timeout, async::Cancellation& cancellation)
      : timer_(object.get_executor()), watch_(cancellation, [&object] { Cancel(object); }) {
    timer_.expires_after(absl::ToChronoNanoseconds(timeout));
    timer_.async_wait([&object, fired = fired_](const boost::system::error_code& error) {
      if (error || *fired == Fired::kOver) return;
      *fired = Fired::kTimeout;
      Cancel(object);
    });
  }
  ~Limited() {
    if (*fired_ == Fired::kNo) *fired_ = Fired::kOver;
  }
  bool timed_out() const { return *fired_ == Fired::kTimeout; }

 private:
  enum class Fired { kNo, kTimeout, kOver };
  static void Cancel(tcp::resolver& resolver) { resolver.cancel(); }
  static void Cancel(Stream::Socket& socket) {
    boost::system::error_code ignored;
    socket.cancel(ignored);
  }

  std::shared_ptr<Fired> fired_ = std::make_shared<Fired>(Fired::kNo);
  asio::steady_timer timer_;
  async::Cancellation::Watch watch_;
};

absl::Status ErrorOf(const boost::system::error_code& error, bool timed_out,
                     const async::Cancellation& cancellation, absl::string_view what) {
  if (cancellation.cancelled()) return cancellation.cause();
  if (timed_out) return absl::DeadlineExceededError(absl::StrCat(what, " took too long"));
  return absl::UnavailableError(absl::StrCat(what, ": ", error.message()));
}

Awaitable<absl::StatusOr<std::vector<tcp::endpoint>>> Resolve(asio::io_context& context,
                                                              const Target& target,
                                                              absl::Duration timeout,
                                                              async::Cancellation& cancellation) {
  const Origin& origin = target.origin;
  boost::system::error_code error;
  const auto literal = asio::ip::make_address(origin.host, error);
  std::vector<tcp::endpoint> found;
  if (!error) {
    found.emplace_back(literal, origin.port);
  } else {
    tcp::resolver resolver(context);
    const Limited<tcp::resolver> limited(resolver, timeout, cancellation);
    const auto [failed, results] =
        co_await resolver.async_resolve(origin.host, absl::StrCat(origin.port), kTuple);
    if (failed || cancellation.cancelled()) {
      co_return ErrorOf(failed, limited.timed_out(), cancellation,
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

Awaitable<absl::StatusOr<std::unique_ptr<Stream>>> Connect(asio::io_context& context,
                                                           const Target& target,
                                                           const ClientOptions& options,
                                                           async::Cancellation& cancellation) {
  if (cancellation.cancelled()) co_return cancellation.cause();
  const SteadyPoint deadline =
      std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(options.connect_timeout);
  TlsContext tls = options.tls;
  if (!target.client_certificate_pem.empty()) {
    absl::StatusOr<TlsContext> own =
        ClientTls(options.ca_file, target.client_certificate_pem, target.client_key_pem);
    if (!own.ok()) co_return own.status();
    tls = *std::move(own);
  }
  const absl::StatusOr<std::vector<tcp::endpoint>> endpoints =
      co_await Resolve(context, target, options.connect_timeout, cancellation);
  if (!endpoints.ok()) co_return endpoints.status();

  absl::Status last;
  std::size_t left = endpoints->size();
  for (const tcp::endpoint& endpoint : *endpoints) {
    Stream::Socket socket(context.get_executor());
    const Limited<Stream::Socket> limited(socket, Until(deadline) / static_cast<double>(left--),
                                          cancellation);
    const auto [error] = co_await socket.async_connect(endpoint, kTuple);
    if (error || cancellation.cancelled()) {
      last = ErrorOf(error, limited.timed_out(), cancellation,
                     absl::StrCat("connecting to ", target.origin.host));
      if (cancellation.cancelled()) co_return last;
      continue;
    }
    auto stream = std::make_unique<Stream>(std::move(socket));
    if (!target.origin.tls) co_return stream;
    if (tls == nullptr) co_return absl::InvalidArgumentError("https is not set up");
    Stream& handshaking = *stream;
    const async::Cancellation::Watch watch(cancellation, [&handshaking] { handshaking.Close(); });
    const absl::Status secured =
        co_await stream->ConnectTls(tls, target.origin.host, Until(deadline));
    if (secured.ok()) co_return stream;
    co_return cancellation.cancelled() ? cancellation.cause() : secured;
  }
  co_return last;
}

}  // namespace countersign::http
