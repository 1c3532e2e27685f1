#include "services/edge/http_transport/http_transport.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <optional>

#include "libs/http/client.h"
#include "libs/http/testing/http_testing.h"
#include "libs/http/testing/test_certificate.h"

namespace countersign::edge::http_transport {
namespace {

namespace fs = std::filesystem;
using http::testing::TestCertificate;

// Leaves every request without a reply, so that the transport answers 500.
class NoHandler final : public RequestHandler {
 public:
  async::Awaitable<void> Handle(call::CallerConnection&, call::Upstream&) override { co_return; }
  WholeReply RefuseUnread(int status) override {
    WholeReply reply;
    reply.head.status = status;
    return reply;
  }
};

// The status of a GET on a new connection that trusts `trusted` alone; 0 without a handshake.
int Get(const std::string& address, const TestCertificate& trusted) {
  http::Workers workers(1);
  http::ClientOptions options;
  options.tls = http::security::ClientTls(trusted.certificate_file()).value();
  http::Client client(workers.at(0), options);
  http::Target target;
  target.origin.tls = true;
  target.origin.host = "127.0.0.1";
  target.origin.port = http::ParseHostPort(address).value().port;
  http::Request request;
  request.head.method = "GET";
  request.head.target = "/";
  async::Cancellation cancellation;
  const absl::StatusOr<int> status =
      http::testing::Run(workers.at(0), [&]() -> async::Awaitable<absl::StatusOr<int>> {
        auto response = co_await client.Send(target, request, cancellation);
        if (!response.ok()) co_return response.status();
        co_return (*response)->head().status;
      });
  workers.Stop();
  return status.value_or(0);
}

struct Fixture {
  Fixture() {
    Install(first);
    HttpOptions options;
    options.listen = {
        {"127.0.0.1:0", first.certificate_file() + ".served", first.key_file() + ".served"}};
    options.threads = 1;
    transport.emplace(options, 1024, body_pool, handler);
    REQUIRE(transport->Start().ok());
  }
  void Install(const TestCertificate& source) const {
    const auto replace = fs::copy_options::overwrite_existing;
    fs::copy_file(source.certificate_file(), first.certificate_file() + ".served", replace);
    fs::copy_file(source.key_file(), first.key_file() + ".served", replace);
  }
  std::string address() const { return transport->addresses().front(); }

  TestCertificate first{"IP:127.0.0.1"};
  TestCertificate second{"IP:127.0.0.1"};
  ThreadPool body_pool{1, 16};
  NoHandler handler;
  std::optional<HttpTransport> transport;
};

TEST_CASE_METHOD(Fixture, "HttpTransport: new connections get the certificate of replaced files",
                 "[edge]") {
  REQUIRE(Get(address(), first) == 500);
  Install(second);
  REQUIRE(transport->ReloadCertificates().ok());
  CHECK(Get(address(), second) == 500);
  CHECK(Get(address(), first) == 0);
}

TEST_CASE_METHOD(Fixture, "HttpTransport: unusable files are told and not served", "[edge]") {
  fs::copy_file(second.key_file(), first.key_file() + ".served",
                fs::copy_options::overwrite_existing);
  CHECK(absl::IsInvalidArgument(transport->ReloadCertificates()));
  CHECK(Get(address(), first) == 500);
}

}  // namespace
}  // namespace countersign::edge::http_transport
