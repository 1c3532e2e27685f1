#include "services/edge/admin/connect_gateway.h"

#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <catch2/catch.hpp>
#include <future>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "countersign/authn/v1/authn.grpc.pb.h"
#include "countersign/recorder/v1/recorder.grpc.pb.h"
#include "libs/base/status.h"
#include "libs/json/document.h"
#include "libs/rpc/caller.h"
#include "libs/rpc/handler.h"

namespace countersign::edge::admin {
namespace {

// The requests that owners receive, and their answers.
struct Owner : public authn::v1::KeyService::CallbackService {
  grpc::ServerUnaryReactor* CreateKey(grpc::CallbackServerContext* context,
                                      const authn::v1::CreateKeyRequest* request,
                                      authn::v1::CreateKeyResponse* response) override {
    return rpc::FinishInline(context, [&]() -> absl::Status {
      const auto token = context->client_metadata().find(rpc::kInternalTokenKey);
      if (token != context->client_metadata().end()) {
        seen_token.assign(token->second.data(), token->second.size());
      }
      seen = *request;
      if (!answer.ok()) return answer;
      response->set_id("k1");
      response->set_identity(request->identity());
      response->mutable_expires_at()->set_seconds(1'700'000'000);
      return absl::OkStatus();
    });
  }
  grpc::ServerUnaryReactor* ListKeys(grpc::CallbackServerContext* context,
                                     const authn::v1::ListKeysRequest*,
                                     authn::v1::ListKeysResponse*) override {
    return rpc::FinishInline(context, [] { return absl::OkStatus(); });
  }
  absl::Status answer;
  authn::v1::CreateKeyRequest seen;
  std::string seen_token;
};

struct Identity final : public authn::v1::IdentityService::CallbackService {
  grpc::ServerUnaryReactor* WhoAmI(grpc::CallbackServerContext* context,
                                   const authn::v1::WhoAmIRequest*,
                                   authn::v1::WhoAmIResponse* response) override {
    return rpc::FinishInline(context, [&] {
      response->set_identity("ann");
      return absl::OkStatus();
    });
  }
};

// Never answers.
struct Sessions final : public recorder::v1::SessionService::CallbackService {
  grpc::ServerUnaryReactor* ListSessions(grpc::CallbackServerContext* context,
                                         const recorder::v1::ListSessionsRequest*,
                                         recorder::v1::ListSessionsResponse*) override {
    return rpc::FinishLater(context, [&](rpc::Finisher finish) {
      held.push_back(std::move(finish));
      arrived.Notify();
    });
  }
  std::vector<rpc::Finisher> held;
  absl::Notification arrived;
};

class Fixture {
 public:
  Fixture() {
    grpc::ServerBuilder builder;
    builder.RegisterService(&owner);
    builder.RegisterService(&identity);
    builder.RegisterService(&sessions);
    server_ = builder.BuildAndStart();
    const auto channel = server_->InProcessChannel({});
    gateway = std::make_unique<ConnectGateway>(
        ConnectGateway::Channels{{"authn", channel}, {"recorder", channel}});
  }
  ~Fixture() {
    gateway.reset();
    for (auto& finish : sessions.held) finish(absl::OkStatus());
    server_->Shutdown();
  }

  static domain::Call CallBy(std::vector<domain::Role> roles) {
    auto principal = std::make_shared<domain::Principal>();
    principal->identity = "ann";
    for (const domain::Role role : roles) principal->roles.push_back({role, {"some"}});
    domain::Call call;
    call.request_id = "r1";
    call.principal = principal;
    call.internal_token = std::make_shared<const SecretString>("token-of-ann");
    return call;
  }

  static AdminReply Ask(AdminBackend& backend, AdminRequest request) {
    std::promise<absl::StatusOr<AdminReply>> reply;
    backend.Forward(std::move(request),
                    [&](absl::StatusOr<AdminReply> answer) { reply.set_value(std::move(answer)); });
    return reply.get_future().get().value();
  }

  AdminReply Post(const std::string& path, const std::string& body,
                  std::vector<domain::Role> roles = {domain::Role::kAdmin},
                  const std::string& type = "application/json",
                  absl::Duration timeout = absl::Seconds(20)) {
    return Ask(*gateway, {CallBy(std::move(roles)), path, type, body, absl::Now() + timeout});
  }

  Owner owner;
  Identity identity;
  Sessions sessions;
  std::unique_ptr<ConnectGateway> gateway;

 private:
  std::unique_ptr<grpc::Server> server_;
};

constexpr char kCreate[] = "/countersign.authn.v1.KeyService/CreateKey";
constexpr char kWhoAmI[] = "/countersign.authn.v1.IdentityService/WhoAmI";
constexpr char kSessions[] = "/countersign.recorder.v1.SessionService/ListSessions";

std::string Member(const AdminReply& reply, const char* name) {
  const auto document = json::Document::Parse(reply.body).value();
  return std::string(document.root()[name].text());
}

TEST_CASE("ConnectGateway: a call reaches its service with the caller's token", "[connect]") {
  Fixture fixture;
  const auto reply = fixture.Post(kCreate, R"({"identity":"bob","ttlSeconds":60})");
  CHECK(reply.http_status == 200);
  CHECK(reply.body ==
        R"({"id":"k1","identity":"bob","key":"","expiresAt":"2023-11-14T22:13:20Z"})");
  CHECK(fixture.owner.seen.ttl_seconds() == 60);
  CHECK(fixture.owner.seen_token == "token-of-ann");
}

TEST_CASE("ConnectGateway: empty lists and texts are written", "[connect]") {
  Fixture fixture;
  CHECK(fixture.Post("/countersign.authn.v1.KeyService/ListKeys", "{}").body ==
        R"({"items":[],"nextPageToken":""})");
}

TEST_CASE("ConnectGateway: a service's error keeps code, message and reason", "[connect]") {
  Fixture fixture;
  fixture.owner.answer = WithReason(absl::AlreadyExistsError("there is such a key"), "key_exists");
  const auto reply = fixture.Post(kCreate, "{}");
  CHECK(reply.http_status == 409);
  CHECK(Member(reply, "code") == "already_exists");
  CHECK(Member(reply, "message") == "there is such a key");
  CHECK_THAT(reply.body,
             Catch::Contains(R"("debug":{"reason":"key_exists","domain":"countersign"})"));
}

TEST_CASE("ConnectGateway: each role opens its own methods only", "[connect]") {
  Fixture fixture;
  using domain::Role;
  for (const Role role : {Role::kReviewer, Role::kAuditor, Role::kCaller, Role::kNone}) {
    const auto reply = fixture.Post(kCreate, "{}", {role});
    CHECK(reply.http_status == 403);
    CHECK(Member(reply, "code") == "permission_denied");
    CHECK(fixture.Post(kWhoAmI, "{}", {role}).http_status == 200);
  }
  CHECK(fixture.Post(kCreate, "{}", {}).http_status == 403);
  CHECK(fixture.Post(kCreate, "{}", {Role::kCaller, Role::kAdmin}).http_status == 200);
  CHECK(fixture.Post(kSessions, "{}", {Role::kAdmin, Role::kReviewer}).http_status == 403);
}

TEST_CASE("ConnectGateway: methods that are not for users are unknown", "[connect]") {
  Fixture fixture;
  for (const char* path : {
           "/countersign.authn.v1.AuthnService/Authenticate",     // internal
           "/countersign.authn.v1.AuthnService/LeaseCredential",  // internal
           "/countersign.recorder.v1.RecorderService/Record",     // a stream
           "/countersign.masking.v1.MaskingService/Mask",         // internal
           "/countersign.authn.v1.KeyService/NoSuchMethod",
           "/countersign.authn.v1.NoSuchService/CreateKey",
           "/countersign.authn.v1.KeyService.CreateKey",
           "/countersign.authn.v1.KeyService/CreateKey/",
           "//countersign.authn.v1.KeyService/CreateKey",
           "/google.protobuf.Any/CreateKey",
           "/countersign.approval.v1.ReviewService/ListReviews",  // its service is not connected
           "/",
           "",
       }) {
    INFO(path);
    using domain::Role;
    const auto reply =
        fixture.Post(path, "{}", {Role::kAdmin, Role::kReviewer, Role::kAuditor, Role::kCaller});
    CHECK(reply.http_status == 404);
    CHECK(Member(reply, "code") == "unimplemented");
  }
}

TEST_CASE("ConnectGateway: a body that is not exactly the message is refused", "[connect]") {
  Fixture fixture;
  for (const char* body : {
           "", "null", "[]", "\"x\"", "{", "{}{}",
           R"({"identity":"a","identity":"b"})",  // a duplicate key
           R"({"identity":"a",})",                // a trailing comma
           R"({"identiti":"a"})",                 // an unknown field
           R"({"identity":7})",                   // a wrong type
           R"({"ttlSeconds":-1})", R"({"ttlSeconds":1.5})", R"({"ttlSeconds":4294967296})",
           "{\"identity\":\"\xff\"}",  // not UTF-8
       }) {
    INFO(body);
    const auto reply = fixture.Post(kCreate, body);
    CHECK(reply.http_status == 400);
    CHECK(Member(reply, "code") == "invalid_argument");
  }
  CHECK(fixture.owner.seen_token.empty());
}

TEST_CASE("ConnectGateway: only JSON is accepted", "[connect]") {
  Fixture fixture;
  CHECK(fixture.Post(kWhoAmI, "{}", {}, "application/json; charset=utf-8").http_status == 200);
  CHECK(fixture.Post(kWhoAmI, "{}", {}, "Application/JSON").http_status == 200);
  for (const char* type : {"", "application/proto", "text/plain", "application/jsonx"}) {
    CHECK(fixture.Post(kWhoAmI, "{}", {}, type).http_status == 415);
  }
}

TEST_CASE("ConnectGateway: a stream is not answered in the unary form", "[connect]") {
  Fixture fixture;
  const auto reply = fixture.Post("/countersign.recorder.v1.SessionService/TailSession", "{}",
                                  {domain::Role::kAuditor});
  CHECK(reply.http_status == 415);
  CHECK_THAT(reply.body, Catch::Contains("application/connect+json"));
}

TEST_CASE("ConnectGateway: a service that does not answer is a 504 at the deadline", "[connect]") {
  Fixture fixture;
  const auto reply = fixture.Post(kSessions, "{}", {domain::Role::kAuditor}, "application/json",
                                  absl::Milliseconds(50));
  CHECK(reply.http_status == 504);
  CHECK(Member(reply, "code") == "deadline_exceeded");
}

TEST_CASE("ConnectGateway: an unreachable service is a 503 that names it", "[connect]") {
  ConnectGateway gateway({{"authn", grpc::CreateChannel("unix:/nonexistent/countersign.sock",
                                                        grpc::InsecureChannelCredentials())}});
  const AdminReply reply =
      Fixture::Ask(gateway, {Fixture::CallBy({domain::Role::kAdmin}), kWhoAmI, "application/json",
                             "{}", absl::Now() + absl::Seconds(20)});
  CHECK(reply.http_status == 503);
  CHECK(Member(reply, "message") == "the authn service cannot be reached");
}

TEST_CASE("ConnectGateway: destruction ends outstanding calls", "[connect]") {
  Fixture fixture;
  std::promise<absl::StatusOr<AdminReply>> promise;
  fixture.gateway->Forward(
      {Fixture::CallBy({domain::Role::kAuditor}), kSessions, "application/json", "{}",
       absl::Now() + absl::Seconds(60)},
      [&](absl::StatusOr<AdminReply> reply) { promise.set_value(std::move(reply)); });
  fixture.sessions.arrived.WaitForNotification();
  fixture.gateway.reset();
  CHECK(promise.get_future().get().value().http_status == 499);
}

}  // namespace
}  // namespace countersign::edge::admin
