#include "libs/server/app.h"

#include <arpa/inet.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "absl/synchronization/notification.h"
#include "countersign/authn/v1/authn.grpc.pb.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "grpc/reflection/v1/reflection.grpc.pb.h"
#include "libs/rpc/handler.h"
#include "libs/testing/test_certificates.h"

namespace countersign::server {
namespace {

namespace v1 = countersign::authn::v1;
using testing::TestAuthority;

class Service final : public v1::IdentityService::CallbackService {
 public:
  explicit Service(std::function<void()> during = [] {}) : during_(std::move(during)) {}
  grpc::ServerUnaryReactor* WhoAmI(grpc::CallbackServerContext* context, const v1::WhoAmIRequest*,
                                   v1::WhoAmIResponse* response) override {
    return rpc::FinishInline(context, [&]() -> absl::Status {
      during_();
      response->set_identity("ann");
      return absl::OkStatus();
    });
  }

 private:
  const std::function<void()> during_;
};

config::ServiceConfig ConfigFor(TestAuthority& authority, const std::string& name) {
  const auto files = authority.IssueService(name);
  config::ServiceConfig config;
  config.tls = config::TlsFileNames{files.certificate, files.key, files.authority};
  config.listen = "127.0.0.1:0";
  config.metrics = "127.0.0.1:0";
  config.drain_timeout = absl::Seconds(20);
  return config;
}

grpc::StatusCode WhoAmI(App& edge, const std::string& service) {
  const auto channel = edge.ChannelTo(service).value();
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  v1::WhoAmIResponse response;
  return v1::IdentityService::NewStub(channel)->WhoAmI(&context, {}, &response).error_code();
}

// An edge wired to `authn`.
std::unique_ptr<App> EdgeFor(TestAuthority& authority, const App& authn) {
  config::ServiceConfig config = ConfigFor(authority, "edge");
  config.peers["authn"] = authn.grpc_address();
  return std::make_unique<App>("edge", std::move(config));
}

// The response to GET `path`: status line, headers and body.
std::string Get(const std::string& address, const std::string& path) {
  const std::size_t colon = address.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
  REQUIRE(inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr) == 1);
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  REQUIRE(::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  REQUIRE(::send(socket, request.data(), request.size(), 0) ==
          static_cast<ssize_t>(request.size()));
  std::string answer;
  char buffer[4096];
  for (ssize_t got; (got = ::recv(socket, buffer, sizeof buffer, 0)) > 0;) {
    answer.append(buffer, static_cast<std::size_t>(got));
  }
  ::close(socket);
  return answer;
}

TEST_CASE("App: objects are destroyed in reverse order", "[server]") {
  struct Part {
    Part(std::vector<int>& log, int id) : log(log), id(id) {}
    ~Part() { log.push_back(id); }
    std::vector<int>& log;
    int id;
  };
  std::vector<int> log;
  {
    App app("policy", {});
    app.Make<Part>(log, 1);
    app.Keep(std::make_unique<Part>(log, 2));
    app.Make<Part>(log, 3);
  }
  CHECK(log == std::vector<int>{3, 2, 1});
}

TEST_CASE("App: a service is reached by its peers and measured", "[server]") {
  TestAuthority authority;
  App authn("authn", ConfigFor(authority, "authn"));
  authn.Serve(authn.Make<Service>());
  REQUIRE(authn.Start().ok());
  const auto edge = EdgeFor(authority, authn);
  CHECK(WhoAmI(*edge, "authn") == grpc::StatusCode::OK);
  const std::string metrics = Get(authn.metrics_address(), "/metrics");
  CHECK_THAT(metrics, Catch::Contains("grpc_server_handled_total{grpc_code=\"OK\""));
  CHECK_THAT(metrics, Catch::Contains("countersign_cert_expiry_seconds"));
}

TEST_CASE("App: every service has health and reflection, for its peers", "[server]") {
  namespace health_v1 = ::grpc::health::v1;
  namespace reflection_v1 = ::grpc::reflection::v1;
  TestAuthority authority;
  App authn("authn", ConfigFor(authority, "authn"));
  authn.Serve(authn.Make<Service>());
  std::atomic<bool> ready{true};
  authn.ReadyWhen([&ready] { return std::string(ready ? "" : "no database"); });
  REQUIRE(authn.Start().ok());
  const auto edge = EdgeFor(authority, authn);
  const auto channel = edge->ChannelTo("authn").value();
  const auto health = health_v1::Health::NewStub(channel);
  const auto check = [&](const std::string& service) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    health_v1::HealthCheckRequest request;
    request.set_service(service);
    health_v1::HealthCheckResponse response;
    const grpc::Status status = health->Check(&context, request, &response);
    return status.ok() ? static_cast<int>(response.status()) : -status.error_code();
  };
  CHECK(check("") == health_v1::HealthCheckResponse::SERVING);
  CHECK(check("none") == -grpc::StatusCode::NOT_FOUND);

  grpc::ClientContext watching;
  const auto watch = health->Watch(&watching, {});
  health_v1::HealthCheckResponse state;
  REQUIRE(watch->Read(&state));
  CHECK(state.status() == health_v1::HealthCheckResponse::SERVING);
  ready = false;
  REQUIRE(watch->Read(&state));
  CHECK(state.status() == health_v1::HealthCheckResponse::NOT_SERVING);
  CHECK(check("") == health_v1::HealthCheckResponse::NOT_SERVING);

  grpc::ClientContext reflecting;
  const auto stream =
      reflection_v1::ServerReflection::NewStub(channel)->ServerReflectionInfo(&reflecting);
  reflection_v1::ServerReflectionRequest request;
  request.set_list_services("");
  std::vector<std::string> names;
  for (int i = 0; i < 2; ++i) {
    REQUIRE(stream->Write(request));
    reflection_v1::ServerReflectionResponse response;
    REQUIRE(stream->Read(&response));
    names.clear();
    for (const auto& service : response.list_services_response().service()) {
      names.push_back(service.name());
    }
  }
  CHECK(names == std::vector<std::string>{"countersign.authn.v1.IdentityService",
                                          "grpc.health.v1.Health",
                                          "grpc.reflection.v1.ServerReflection"});
  stream->WritesDone();
  CHECK(stream->Finish().ok());

  authn.Stop();  // ends the watch, whose caller has not cancelled it
  CHECK_FALSE(watch->Read(&state));
  CHECK(watch->Finish().error_code() == grpc::StatusCode::UNAVAILABLE);
}

TEST_CASE("App: a peer that may not call is refused and counted", "[server]") {
  TestAuthority authority;
  App authn("authn", ConfigFor(authority, "authn"));
  authn.Serve(authn.Make<Service>());
  REQUIRE(authn.Start().ok());
  config::ServiceConfig config = ConfigFor(authority, "masking");
  config.peers["authn"] = authn.grpc_address();
  App masking("masking", std::move(config));
  CHECK(WhoAmI(masking, "authn") == grpc::StatusCode::PERMISSION_DENIED);
  CHECK_THAT(authn.metrics().Expose(),
             Catch::Contains("countersign_peer_calls_denied_total{caller=\"masking\"} 1"));
}

TEST_CASE("App: readiness follows the checks, liveness does not", "[server]") {
  TestAuthority authority;
  App app("policy", ConfigFor(authority, "policy"));
  std::string missing = "no resources yet";
  app.ReadyWhen([] { return ""; });
  app.ReadyWhen([&] { return missing; });
  CHECK(app.NotReady() == "starting");
  REQUIRE(app.Start().ok());
  CHECK_THAT(Get(app.metrics_address(), "/readyz"),
             Catch::StartsWith("HTTP/1.1 503") && Catch::Contains("no resources yet"));
  CHECK_THAT(Get(app.metrics_address(), "/livez"), Catch::StartsWith("HTTP/1.1 200"));
  missing = "";
  CHECK_THAT(Get(app.metrics_address(), "/readyz"), Catch::StartsWith("HTTP/1.1 200"));
  app.BeginDrain();
  CHECK_THAT(Get(app.metrics_address(), "/readyz"),
             Catch::StartsWith("HTTP/1.1 503") && Catch::Contains("stopping"));
}

TEST_CASE("App: every process shows what it is, whether it is ready, and what it uses",
          "[server]") {
  TestAuthority authority;
  App app("policy", ConfigFor(authority, "policy"));
  std::string missing = "no resources yet";
  app.ReadyWhen([&] { return missing; });
  REQUIRE(app.Start().ok());
  const std::string before = Get(app.metrics_address(), "/metrics");
  CHECK_THAT(before, Catch::Contains("\ncountersign_build_info{service=\"policy\",version=\"") &&
                         Catch::Contains("\ncountersign_ready 0\n") &&
                         Catch::Contains("\nprocess_cpu_seconds_total "));
  missing = "";
  CHECK_THAT(Get(app.metrics_address(), "/metrics"), Catch::Contains("\ncountersign_ready 1\n"));
}

TEST_CASE("App: running calls are finished before the server stops", "[server]") {
  TestAuthority authority;
  absl::Notification running;
  absl::Notification release;
  std::atomic<bool> finished{false};
  App authn("authn", ConfigFor(authority, "authn"));
  authn.Serve(authn.Make<Service>([&] {
    running.Notify();
    release.WaitForNotification();
    finished = true;
  }));
  REQUIRE(authn.Start().ok());
  const auto edge = EdgeFor(authority, authn);
  grpc::StatusCode code = grpc::StatusCode::UNKNOWN;
  std::thread caller([&] { code = WhoAmI(*edge, "authn"); });
  running.WaitForNotification();
  authn.OnDrain([&](absl::Duration timeout) {
    CHECK(timeout == absl::Seconds(20));
    CHECK_FALSE(finished);
    release.Notify();
  });
  authn.Stop();
  CHECK(finished);
  caller.join();
  CHECK(code == grpc::StatusCode::OK);
}

TEST_CASE("App: actual addresses are written to addressesFile", "[server]") {
  TestAuthority authority;
  config::ServiceConfig config = ConfigFor(authority, "authn");
  config.addresses_file = authority.folder() + "/addresses.json";
  App app("authn", config);
  app.Serve(app.Make<Service>());
  app.ShowAddress("http", "127.0.0.1:8080");
  REQUIRE(app.Start().ok());
  std::ifstream file(config.addresses_file);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  CHECK(text == R"({"grpc":")" + app.grpc_address() + R"(","http":"127.0.0.1:8080","metrics":")" +
                    app.metrics_address() + "\"}\n");
}

TEST_CASE("App: an addressesFile that cannot be written is an error that says why", "[server]") {
  TestAuthority authority;
  config::ServiceConfig config = ConfigFor(authority, "authn");
  config.addresses_file = authority.folder() + "/missing/addresses.json";
  App app("authn", config);
  app.Serve(app.Make<Service>());
  CHECK(app.Start().message() ==
        config.addresses_file + ": cannot be written: No such file or directory");
}

TEST_CASE("App: a taken port is an error", "[server]") {
  TestAuthority authority;
  App first("authn", ConfigFor(authority, "authn"));
  first.Serve(first.Make<Service>());
  REQUIRE(first.Start().ok());
  config::ServiceConfig config = ConfigFor(authority, "authn");
  config.listen = first.grpc_address();
  App second("authn", std::move(config));
  second.Serve(second.Make<Service>());
  CHECK(second.Start().code() == absl::StatusCode::kUnavailable);
}

TEST_CASE("App: missing configuration is named", "[server]") {
  TestAuthority authority;
  const auto says = [](const absl::Status& status, const char* what) {
    CHECK(status.code() == absl::StatusCode::kFailedPrecondition);
    CHECK_THAT(std::string(status.message()), Catch::Contains(what));
  };
  App bare("authn", {});
  says(bare.ChannelTo("policy").status(), "`policy` under `peers`");
  says(bare.SecretPath("key").status(), "`secrets`");
  bare.Serve(bare.Make<Service>());
  says(bare.Start(), "`listen`");
  App mistaken("policy", ConfigFor(authority, "authn"));
  mistaken.Serve(mistaken.Make<Service>());
  says(mistaken.Start(), "spiffe://countersign/policy");
}

}  // namespace
}  // namespace countersign::server
