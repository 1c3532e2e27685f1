#include "libs/http/security/tls_context.h"

#include <openssl/ssl.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "libs/http/client.h"
#include "libs/http/testing/http_testing.h"
#include "libs/http/testing/test_certificate.h"

namespace countersign::http::security {
namespace {

using testing::TestCertificate;

async::Awaitable<void> Hello(Exchange& exchange) {
  co_await exchange.ReadBody();
  (void)co_await exchange.Respond(ResponseHead(), "hello");
}

absl::StatusOr<std::string> Get(const std::string& ca_file, std::uint16_t port, int times = 1) {
  Workers workers(1);
  ClientOptions options;
  options.tls = ClientTls(ca_file).value();
  Client client(workers.at(0), options);
  Target target;
  target.origin.tls = true;
  target.origin.host = "127.0.0.1";
  target.origin.port = port;
  Request request;
  request.head.method = "GET";
  request.head.target = "/";
  async::Cancellation cancellation;
  absl::StatusOr<std::string> result;
  for (int i = 0; i < times; ++i) {
    result = testing::Run(workers.at(0), [&]() -> async::Awaitable<absl::StatusOr<std::string>> {
      auto response = co_await client.Send(target, request, cancellation);
      if (!response.ok()) co_return response.status();
      co_return co_await (*response)->Read(cancellation);
    });
  }
  workers.Stop();
  return result;
}

TEST_CASE("TLS: a client that trusts the server's certificate gets its answer", "[http]") {
  const TestCertificate certificate("IP:127.0.0.1");
  const TlsContext tls = ServerTls(certificate.certificate_file(), certificate.key_file()).value();
  testing::TestServer server(Hello, {}, tls);
  CHECK(Get(certificate.certificate_file(), server.port(), 3).value() == "hello");
}

TEST_CASE("TLS: an unknown authority or another name ends the handshake", "[http]") {
  const TestCertificate certificate("IP:127.0.0.1");
  const TestCertificate other("IP:127.0.0.2");
  testing::TestServer server(
      Hello, {}, ServerTls(certificate.certificate_file(), certificate.key_file()).value());
  CHECK(absl::IsUnavailable(Get(other.certificate_file(), server.port()).status()));
  testing::TestServer misnamed(Hello, {},
                               ServerTls(other.certificate_file(), other.key_file()).value());
  CHECK(absl::IsUnavailable(Get(other.certificate_file(), misnamed.port()).status()));
}

// Offers protocols as ALPN encodes them; returns what the server selected.
std::string Offer(const std::string& protocols, std::uint16_t port) {
  boost::asio::io_context context;
  boost::asio::ssl::context tls(boost::asio::ssl::context::tls_client);
  boost::asio::ssl::stream<boost::asio::ip::tcp::socket> stream(context, tls);
  SSL* ssl = stream.native_handle();
  SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(protocols.data()),
                      static_cast<unsigned int>(protocols.size()));
  stream.next_layer().connect({boost::asio::ip::make_address("127.0.0.1"), port});
  stream.handshake(boost::asio::ssl::stream_base::client);
  const unsigned char* selected = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(ssl, &selected, &size);
  return std::string(reinterpret_cast<const char*>(selected), size);
}

TEST_CASE("TLS: callers choose the version of HTTP", "[http]") {
  const TestCertificate certificate("IP:127.0.0.1");
  testing::TestServer server(
      Hello, {}, ServerTls(certificate.certificate_file(), certificate.key_file()).value());
  CHECK(Offer("\x02h2\x08http/1.1", server.port()) == "h2");
  CHECK(Offer("\x08http/1.1\x02h2", server.port()) == "h2");
  CHECK(Offer("\x08http/1.1", server.port()) == "http/1.1");
  CHECK(Offer("\x03xyz", server.port()).empty());
  CHECK(Offer("", server.port()).empty());
}

TEST_CASE("TLS: invalid certificate and key files are named", "[http]") {
  const TestCertificate certificate("IP:127.0.0.1");
  CHECK(absl::IsInvalidArgument(ServerTls("/nowhere", certificate.key_file()).status()));
  CHECK(absl::IsInvalidArgument(
      ServerTls(certificate.certificate_file(), certificate.certificate_file()).status()));
  CHECK(absl::IsInvalidArgument(ClientTls("/nowhere").status()));
}

}  // namespace
}  // namespace countersign::http::security
