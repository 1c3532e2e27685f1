#include "services/edge/examine_upstreams.h"

#include <catch2/catch.hpp>
#include <optional>

#include "absl/strings/str_cat.h"

namespace countersign::edge {
namespace {

using State = HealthCheck::State;

class NoHandler final : public RequestHandler {
 public:
  async::Awaitable<void> Handle(call::CallerConnection&, call::Upstream&) override { co_return; }
  WholeReply RefuseUnread(int /*status*/) override { return {}; }
};

struct Fixture {
  Fixture() {
    http_transport::HttpOptions options;
    options.listen = {{"127.0.0.1:0", "", ""}};
    options.threads = 1;
    transport.emplace(options, 1024, body_pool, handler);
    REQUIRE(transport->Start().ok());
  }

  void Connect(const std::string& name, const std::string& url) {
    domain::Connection connection;
    connection.name = name;
    connection.protocol = domain::Protocol::kOpenAi;
    connection.url = url;
    resources.connections[name] = connection;
  }
  std::vector<HealthCheck> Examine() {
    return ExamineUpstreams(*transport, resources, absl::Seconds(5));
  }

  ThreadPool body_pool{1, 4};
  NoHandler handler;
  std::optional<http_transport::HttpTransport> transport;
  domain::ResourceSet resources;
};

TEST_CASE("ExamineUpstreams: one that accepts connections, and one that does not", "[edge]") {
  Fixture f;
  f.Connect("a", absl::StrCat("http://", f.transport->addresses().front(), "/v1"));
  f.Connect("b", "http://127.0.0.1:1/v1");
  const std::vector<HealthCheck> checks = f.Examine();
  REQUIRE(checks.size() == 2);
  CHECK(checks[0].name == "upstream a");
  CHECK(checks[0].state == State::kOk);
  CHECK(checks[0].saw == absl::StrCat(f.transport->addresses().front(), " accepts connections"));
  CHECK(checks[0].advice.empty());
  CHECK(checks[1].state == State::kFailed);
  CHECK(checks[1].advice.find("spec.url") != std::string::npos);
}

TEST_CASE("ExamineUpstreams: an address that calls may not reach is not connected to", "[edge]") {
  Fixture f;
  f.Connect("metadata", "http://169.254.169.254/v1");
  const std::vector<HealthCheck> checks = f.Examine();
  REQUIRE(checks.size() == 1);
  CHECK(checks[0].state == State::kFailed);
  CHECK(checks[0].advice.find("network.private") != std::string::npos);
}

TEST_CASE("ExamineUpstreams: a server without TLS where TLS is configured", "[edge]") {
  Fixture f;
  f.Connect("tls", absl::StrCat("https://", f.transport->addresses().front(), "/v1"));
  const std::vector<HealthCheck> checks = f.Examine();
  REQUIRE(checks.size() == 1);
  CHECK(checks[0].state == State::kFailed);
}

TEST_CASE("ExamineUpstreams: has a bound, and says so", "[edge]") {
  Fixture f;
  for (int i = 0; i < 70; ++i) {
    f.Connect(absl::StrCat("c", i), absl::StrCat("http://", f.transport->addresses().front()));
  }
  const std::vector<HealthCheck> checks = f.Examine();
  CHECK(checks.size() == 65);
  CHECK(checks.back().state == State::kWarning);
}

}  // namespace
}  // namespace countersign::edge
