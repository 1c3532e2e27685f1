#include "libs/rpc/peer_rules.h"
#include "libs/base/mutex.h"

#include <google/protobuf/descriptor.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "countersign/approval/v1/approval.pb.h"
#include "countersign/authn/v1/authn.pb.h"
#include "countersign/masking/v1/masking.pb.h"
#include "countersign/options/v1/access.pb.h"
#include "countersign/policy/v1/policy.pb.h"
#include "countersign/recorder/v1/recorder.pb.h"
#include "grpc/health/v1/health.pb.h"
#include "grpc/reflection/v1/reflection.pb.h"
#include "libs/rpc/channel.h"
#include "libs/rpc/credentials.h"
#include "libs/testing/test_certificates.h"

namespace countersign::rpc {
namespace {

using Callers = std::set<std::string>;

const std::vector<std::string> kServices = {"edge",     "authn",   "policy",
                                            "approval", "masking", "session-recorder"};

const Callers kEveryService(kServices.begin(), kServices.end());

// The permitted callers of internal methods, stated independently of the table.
const std::map<std::string, Callers> kInternal = {
    {"/countersign.authn.v1.AuthnService/Authenticate", {"edge"}},
    {"/countersign.authn.v1.AuthnService/LeaseCredential", {"edge"}},
    {"/countersign.authn.v1.AuthnService/SealCredential", {"policy"}},
    {"/countersign.authn.v1.AuthnService/GetInternalKeys",
     {"edge", "policy", "approval", "masking", "session-recorder"}},
    {"/countersign.authn.v1.AuthnService/WatchRevocations", {"edge"}},
    {"/countersign.authn.v1.TokenService/ExchangeToken", {"edge"}},
    {"/countersign.authn.v1.TokenService/GetTokenKeys", {"edge"}},
    {"/countersign.policy.v1.PolicyService/Decide", {"edge"}},
    {"/countersign.policy.v1.ResourceFeedService/Watch", {"edge", "authn", "approval", "masking"}},
    {"/countersign.approval.v1.ReviewGateService/Join", {"edge"}},
    {"/countersign.approval.v1.ReviewGateService/GetStatus", {"edge"}},
    {"/countersign.approval.v1.ReviewGateService/Wait", {"edge"}},
    {"/countersign.approval.v1.ReviewGateService/Consume", {"edge"}},
    {"/countersign.approval.v1.ReviewGateService/Leave", {"edge"}},
    {"/countersign.approval.v1.ReviewLogService/ReadLog", {"session-recorder"}},
    {"/countersign.approval.v1.ReviewLogService/LocateReviews", {"session-recorder"}},
    {"/countersign.masking.v1.MaskingService/Mask", {"edge"}},
    {"/countersign.recorder.v1.RecorderService/Record", {"edge"}},
    {"/countersign.recorder.v1.RecorderService/GetReadiness", {"edge"}},
    {"/grpc.health.v1.Health/Check", kEveryService},
    {"/grpc.health.v1.Health/Watch", kEveryService},
    {"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", kEveryService},
};

// The permitted callers of every method of every service. Methods for users are called by the edge.
std::map<std::string, Callers> ExpectedCallers() {
  std::map<std::string, Callers> expected;
  for (const auto* file :
       {authn::v1::CreateKeyRequest::descriptor()->file(),
        policy::v1::ApplyRequest::descriptor()->file(), approval::v1::Review::descriptor()->file(),
        masking::v1::MaskRequest::descriptor()->file(), recorder::v1::Session::descriptor()->file(),
        grpc::health::v1::HealthCheckRequest::descriptor()->file(),
        grpc::reflection::v1::ServerReflectionRequest::descriptor()->file()}) {
    for (int s = 0; s < file->service_count(); ++s) {
      const auto* service = file->service(s);
      for (int m = 0; m < service->method_count(); ++m) {
        const auto* method = service->method(m);
        const std::string path = absl::StrCat("/", service->full_name(), "/", method->name());
        const auto internal = kInternal.find(path);
        if (internal != kInternal.end()) {
          REQUIRE_FALSE(method->options().HasExtension(options::v1::access));
          expected[path] = internal->second;
        } else {
          INFO(path << " is for users, or belongs into kInternal");
          REQUIRE(method->options().HasExtension(options::v1::access));
          expected[path] = {"edge"};
        }
      }
    }
  }
  return expected;
}

// Answers every call, so that refusals can only come from the peer rules.
class AnswersAll final : public grpc::CallbackGenericService {
 public:
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    class Reactor final : public grpc::ServerGenericBidiReactor {
     public:
      explicit Reactor(AnswersAll& service, const std::string& method) {
        const MutexLock lock(service.mutex_);
        service.reached_.insert(method);
        Finish(grpc::Status(grpc::StatusCode::ALREADY_EXISTS, "reached"));
      }
      void OnDone() override { delete this; }
    };
    return new Reactor(*this, context->method());
  }
  bool Reached(const std::string& method) {
    const MutexLock lock(mutex_);
    return reached_.count(method) > 0;
  }

 private:
  Mutex mutex_;
  std::set<std::string> reached_ CS_GUARDED_BY(mutex_);
};

grpc::StatusCode Call(const std::shared_ptr<grpc::Channel>& channel, const std::string& path) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  grpc::ByteBuffer request(nullptr, 0);
  grpc::ByteBuffer response;
  grpc::Status status;
  absl::Notification done;
  stub.UnaryCall(&context, path, grpc::StubOptions(), &request, &response, [&](grpc::Status s) {
    status = std::move(s);
    done.Notify();
  });
  done.WaitForNotification();
  return status.error_code();
}

TEST_CASE("PeerRules: every caller × every method, over mutual TLS", "[rpc][peers]") {
  testing::TestAuthority authority;
  const auto files = [&](const std::string& service) {
    const auto issued = authority.IssueService(service);
    return TlsFiles{issued.certificate, issued.key, issued.authority};
  };
  Mutex mutex;
  std::map<std::string, Callers> denied;
  const MutualTls server_tls(files("policy"));
  AnswersAll service;
  grpc::ServerBuilder builder;
  ApplyServerLimits(builder);
  int port = 0;
  builder.AddListeningPort(
      "127.0.0.1:0", server_tls.ForServer([&](absl::string_view caller, absl::string_view path) {
        const MutexLock lock(mutex);
        denied[std::string(path)].insert(std::string(caller));
      }),
      &port);
  builder.RegisterCallbackGenericService(&service);
  const auto server = builder.BuildAndStart();
  REQUIRE(server != nullptr);

  std::vector<std::string> callers = kServices;
  callers.push_back("stranger");
  auto expected = ExpectedCallers();
  REQUIRE(expected.size() > 25);
  expected["/countersign.authn.v1.AuthnService/NoSuchMethod"] = {};
  expected["/countersign.authn.v1.AuthnService/*"] = {};
  expected["/grpc.health.v1.Health/NoSuchMethod"] = {};
  for (const std::string& caller : callers) {
    const MutualTls tls(files(caller));
    const auto channel = MakeChannel(absl::StrCat("127.0.0.1:", port), tls.ForChannelTo("policy"));
    for (const auto& [path, allowed] : expected) {
      INFO(caller << " calls " << path);
      const bool may = allowed.count(caller) > 0;
      CHECK(Call(channel, path) ==
            (may ? grpc::StatusCode::ALREADY_EXISTS : grpc::StatusCode::PERMISSION_DENIED));
      CHECK(PeerMayCall(caller, path) == may);
      const MutexLock lock(mutex);
      CHECK((denied[path].count(caller) > 0) == !may);
    }
  }
  for (const auto& [path, allowed] : expected) CHECK(service.Reached(path) == !allowed.empty());
  server->Shutdown();
}

TEST_CASE("PeerRules: the table names only methods that exist", "[rpc][peers]") {
  const auto expected = ExpectedCallers();
  std::set<std::string> services;
  for (const auto& [path, callers] : expected) services.insert(path.substr(1, path.rfind('/') - 1));
  std::set<std::pair<absl::string_view, absl::string_view>> lines;
  for (const PeerRule& rule : PeerRules()) {
    INFO(rule.service << "/" << rule.method);
    CHECK(lines.insert({rule.service, rule.method}).second);
    if (rule.method == "*") {
      CHECK(services.count(std::string(rule.service)) == 1);
    } else {
      CHECK(expected.count(absl::StrCat("/", rule.service, "/", rule.method)) == 1);
    }
  }
}

TEST_CASE("PeerRules: exactly the streams need no deadline", "[rpc][peers]") {
  const auto* pool = google::protobuf::DescriptorPool::generated_pool();
  for (const auto& [path, callers] : ExpectedCallers()) {
    INFO(path);
    std::string name = path.substr(1);
    name[name.find('/')] = '.';
    const auto* method = pool->FindMethodByName(name);
    REQUIRE(method != nullptr);
    CHECK(NeedsDeadline(path) == !(method->client_streaming() || method->server_streaming()));
  }
}

TEST_CASE("PeerMayCall: malformed paths and empty callers are refused", "[rpc][peers]") {
  CHECK(PeerMayCall("edge", "/countersign.authn.v1.KeyService/ListKeys"));
  for (const char* path :
       {"", "/", "countersign.authn.v1.KeyService/ListKeys", "/countersign.authn.v1.KeyService",
        "/countersign.authn.v1.KeyService/", "//countersign.authn.v1.KeyService/ListKeys"}) {
    CHECK_FALSE(PeerMayCall("edge", path));
  }
  CHECK_FALSE(PeerMayCall("", "/countersign.authn.v1.KeyService/ListKeys"));
}

TEST_CASE("ServiceFromSpiffeId: only names in our trust domain", "[rpc][peers]") {
  CHECK(ServiceFromSpiffeId("spiffe://countersign/session-recorder") == "session-recorder");
  CHECK(ServiceFromSpiffeId(SpiffeId("edge")) == "edge");
  for (const char* uri :
       {"", "spiffe://countersign/", "spiffe://other/edge", "spiffe://countersign",
        "spiffe://countersign/edge/x", "spiffe://countersign/Edge", "https://countersign/edge",
        "xspiffe://countersign/edge"}) {
    CHECK(ServiceFromSpiffeId(uri).empty());
  }
}

}  // namespace
}  // namespace countersign::rpc
