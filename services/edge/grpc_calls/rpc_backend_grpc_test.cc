#include "services/edge/grpc_calls/rpc_backend_grpc.h"

#include <google/protobuf/descriptor.pb.h>
#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/slice.h>

#include <catch2/catch.hpp>
#include <future>

#include "absl/synchronization/notification.h"
#include "countersign/approval/v1/approval.pb.h"
#include "grpc/reflection/v1/reflection.pb.h"
#include "libs/base/status.h"
#include "libs/rpc/caller.h"
#include "libs/rpc/status.h"

namespace countersign::edge::grpc_calls {
namespace {

using Message = RpcAnswer::Message;

std::string ToText(const grpc::ByteBuffer& bytes) {
  std::vector<grpc::Slice> slices;
  REQUIRE(bytes.Dump(&slices).ok());
  std::string text;
  for (const grpc::Slice& slice : slices) {
    text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return text;
}

// Answers every call with `answers` and `end`; without an end it waits for its cancellation.
class Owner final : public grpc::CallbackGenericService {
 public:
  std::vector<std::string> answers;
  std::optional<absl::Status> end = absl::OkStatus();
  std::string path, message, token;  // of the last call
  absl::Notification cancelled;

  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    const auto found = context->client_metadata().find(rpc::kInternalTokenKey);
    if (found != context->client_metadata().end()) {
      token.assign(found->second.data(), found->second.size());
    }
    path = context->method();
    return new Reactor(*this);
  }

 private:
  class Reactor final : public grpc::ServerGenericBidiReactor {
   public:
    explicit Reactor(Owner& owner) : owner_(owner) { StartRead(&bytes_); }
    void OnReadDone(bool ok) override {
      if (!ok) return;
      owner_.message = ToText(bytes_);
      WriteNext();
    }
    void OnWriteDone(bool ok) override {
      if (ok) WriteNext();
    }
    void OnCancel() override {
      owner_.cancelled.Notify();
      if (!owner_.end) Finish(grpc::Status::CANCELLED);
    }
    void OnDone() override { delete this; }

   private:
    void WriteNext() {
      if (next_ < owner_.answers.size()) {
        const grpc::Slice slice(owner_.answers[next_++]);
        answer_ = grpc::ByteBuffer(&slice, 1);
        return StartWrite(&answer_);
      }
      if (owner_.end) Finish(rpc::ToGrpc(*owner_.end));
    }
    Owner& owner_;
    std::size_t next_ = 0;
    grpc::ByteBuffer bytes_, answer_;
  };
};

constexpr char kWhoAmI[] = "/countersign.authn.v1.IdentityService/WhoAmI";
constexpr char kListKeys[] = "/countersign.authn.v1.KeyService/ListKeys";
constexpr char kWatch[] = "/countersign.approval.v1.ReviewService/WatchReviews";

domain::Principal Principal(std::vector<domain::Role> roles) {
  domain::Principal principal;
  principal.identity = "ann";
  for (const domain::Role role : roles) principal.roles.push_back({role, {}});
  return principal;
}

struct Fixture {
  Fixture() {
    grpc::ServerBuilder builder;
    builder.RegisterCallbackGenericService(&owner);
    server = builder.BuildAndStart();
    const auto channel = server->InProcessChannel({});
    backend = std::make_unique<GrpcRpcBackend>(
        GrpcRpcBackend::Channels{{"authn", channel}, {"approval", channel}});
  }
  ~Fixture() {
    backend.reset();
    server->Shutdown();
  }

  std::unique_ptr<RpcAnswer> Start(const std::string& path, std::string message,
                                   MessageForm form = MessageForm::kProto,
                                   absl::Time deadline = absl::InfiniteFuture()) {
    domain::Call call;
    call.principal = std::make_shared<domain::Principal>(Principal({}));
    call.internal_token = std::make_shared<const SecretString>("token-of-ann");
    return backend->Start({call, path, form, std::move(message), deadline});
  }
  static absl::StatusOr<Message> Next(RpcAnswer& answer) {
    std::promise<absl::StatusOr<Message>> next;
    answer.Next([&](absl::StatusOr<Message> message) { next.set_value(std::move(message)); });
    return next.get_future().get();
  }

  Owner owner;
  std::unique_ptr<grpc::Server> server;
  std::unique_ptr<GrpcRpcBackend> backend;
};

TEST_CASE("GrpcRpcBackend: bytes pass unchanged in both directions", "[grpc]") {
  Fixture f;
  f.owner.answers = {std::string("\xff\x00 not a message", 15)};
  // A field that the method does not know, with a longer tag than it would be written with.
  const std::string question("\x98\x86\x00\x05", 4);
  const auto answer = f.Start(kWhoAmI, question);
  CHECK(f.Next(*answer).value() == f.owner.answers[0]);
  CHECK(f.Next(*answer).value() == std::nullopt);
  CHECK(f.owner.message == question);
  CHECK(f.owner.path == kWhoAmI);
  CHECK(f.owner.token == "token-of-ann");
}

TEST_CASE("GrpcRpcBackend: the owner's status keeps its reason", "[grpc]") {
  Fixture f;
  f.owner.end = WithReason(absl::NotFoundError("no such key"), "key_unknown");
  const auto answer = f.Start(kListKeys, "");
  const absl::Status status = f.Next(*answer).status();
  CHECK(absl::IsNotFound(status));
  CHECK(GetReason(status) == "key_unknown");
  CHECK(f.Next(*answer).status() == status);
}

TEST_CASE("GrpcRpcBackend: a stream is read as its caller asks", "[grpc]") {
  Fixture f;
  for (int i = 0; i < 100; ++i) f.owner.answers.push_back(std::to_string(i));
  const auto answer = f.Start(kWatch, "");
  for (int i = 0; i < 100; ++i) CHECK(f.Next(*answer).value() == std::to_string(i));
  CHECK(f.Next(*answer).value() == std::nullopt);
}

TEST_CASE("GrpcRpcBackend: dropping an answer cancels the call", "[grpc]") {
  Fixture f;
  f.owner.answers = {"one"};
  f.owner.end = std::nullopt;
  auto answer = f.Start(kWatch, "");
  CHECK(f.Next(*answer).value() == "one");
  SECTION("between two messages") {}
  SECTION("while it waits for one") {
    answer->Next([](const absl::StatusOr<Message>&) {});  // answered with an error, or not
  }
  answer.reset();
  f.owner.cancelled.WaitForNotification();
}

TEST_CASE("GrpcRpcBackend: a deadline ends the call", "[grpc]") {
  Fixture f;
  f.owner.end = std::nullopt;
  const auto answer =
      f.Start(kListKeys, "", MessageForm::kProto, absl::Now() + absl::Milliseconds(50));
  CHECK(absl::IsDeadlineExceeded(f.Next(*answer).status()));
  f.owner.cancelled.WaitForNotification();
}

TEST_CASE("GrpcRpcBackend: destruction ends outstanding calls", "[grpc]") {
  Fixture f;
  f.owner.end = std::nullopt;
  const auto answer = f.Start(kWatch, "");
  std::promise<absl::StatusOr<Message>> next;
  answer->Next([&](absl::StatusOr<Message> message) { next.set_value(std::move(message)); });
  f.backend.reset();
  CHECK(absl::IsCancelled(next.get_future().get().status()));
}

TEST_CASE("GrpcRpcBackend: JSON is translated by the method's types", "[grpc]") {
  Fixture f;
  approval::v1::WatchReviewsResponse response;
  response.set_resume_token("7");
  f.owner.answers = {response.SerializeAsString()};
  const auto answer = f.Start(kWatch, R"({"resumeToken":"6"})", MessageForm::kJson);
  CHECK(f.Next(*answer).value() == R"({"items":[],"resumeToken":"7"})");
  approval::v1::WatchReviewsRequest request;
  REQUIRE(request.ParseFromString(f.owner.message));
  CHECK(request.resume_token() == "6");
  const auto malformed = f.Start(kWatch, R"({"no":1})", MessageForm::kJson);
  CHECK(absl::IsInvalidArgument(f.Next(*malformed).status()));
  CHECK(GetReason(f.Next(*malformed).status()) == "invalid_request");
}

TEST_CASE("GrpcRpcBackend: a message that is not valid for its method reaches no owner", "[grpc]") {
  Fixture f;
  for (const char* message : {"\xff\xff\xff", "\x0a\x01\xff"}) {  // the latter: no UTF-8
    const auto answer = f.Start(kWatch, message);
    const absl::Status status = f.Next(*answer).status();
    CHECK(absl::IsInvalidArgument(status));
    CHECK(GetReason(status) == "invalid_request");
  }
  CHECK(f.owner.path.empty());
}

TEST_CASE("GrpcRpcBackend: an unreachable owner is named, its address is not", "[grpc]") {
  GrpcRpcBackend backend({{"authn", grpc::CreateChannel("unix:/nonexistent/countersign.sock",
                                                        grpc::InsecureChannelCredentials())}});
  domain::Call call;
  call.principal = std::make_shared<domain::Principal>(Principal({}));
  const auto answer =
      backend.Start({call, kWhoAmI, MessageForm::kProto, "", absl::Now() + absl::Seconds(20)});
  const absl::Status status = Fixture::Next(*answer).status();
  CHECK(absl::IsUnavailable(status));
  CHECK(status.message() == "the authn service cannot be reached");
}

TEST_CASE("GrpcRpcBackend: access is that of the method's option", "[grpc]") {
  Fixture f;
  using domain::Role;
  CHECK_FALSE(f.backend->Find(kWhoAmI, Principal({})).value().streams);
  CHECK(f.backend->Find(kWatch, Principal({Role::kReviewer})).value().streams);
  CHECK(f.backend->Find(kWatch, Principal({Role::kAuditor})).ok());
  CHECK(absl::IsPermissionDenied(f.backend->Find(kWatch, Principal({Role::kCaller})).status()));
  CHECK(absl::IsPermissionDenied(f.backend->Find(kListKeys, Principal({})).status()));
  const domain::Principal all =
      Principal({Role::kAdmin, Role::kReviewer, Role::kAuditor, Role::kCaller});
  for (const char* path :
       {"/countersign.authn.v1.AuthnService/Authenticate",
        "/countersign.recorder.v1.RecorderService/Record", "/countersign.authn.v1.KeyService/None",
        "/none", "", "/countersign.policy.v1.ResourceService/Apply"}) {  // not connected
    CHECK(absl::IsUnimplemented(f.backend->Find(path, all).status()));
  }
}

::grpc::reflection::v1::ServerReflectionResponse Reflect(
    const ::grpc::reflection::v1::ServerReflectionRequest& request) {
  Fixture f;
  ::grpc::reflection::v1::ServerReflectionResponse response;
  REQUIRE(response.ParseFromString(f.backend->Reflect(request.SerializeAsString()).value()));
  return response;
}

TEST_CASE("Reflection: lists the services for callers, and no others", "[grpc]") {
  ::grpc::reflection::v1::ServerReflectionRequest request;
  request.set_list_services("");
  const auto response = Reflect(request);
  std::vector<std::string> names;
  for (const auto& service : response.list_services_response().service()) {
    names.push_back(service.name());
  }
  CHECK(names == std::vector<std::string>{
                     "countersign.approval.v1.ReviewService",
                     "countersign.authn.v1.IdentityService", "countersign.authn.v1.KeyService",
                     "countersign.inference.v1.Inference", "countersign.policy.v1.ResourceService",
                     "countersign.recorder.v1.SessionService",
                     "envoy.service.ext_proc.v3.ExternalProcessor", "grpc.health.v1.Health",
                     "grpc.reflection.v1.ServerReflection"});
}

TEST_CASE("Reflection: a file comes with its imports, without internal services", "[grpc]") {
  ::grpc::reflection::v1::ServerReflectionRequest request;
  request.set_file_containing_symbol("countersign.approval.v1.ReviewService.WatchReviews");
  const auto response = Reflect(request);
  std::vector<std::string> names;
  for (const std::string& bytes : response.file_descriptor_response().file_descriptor_proto()) {
    google::protobuf::FileDescriptorProto file;
    REQUIRE(file.ParseFromString(bytes));
    names.push_back(file.name());
    if (names.size() > 1) continue;
    REQUIRE(file.service_size() == 1);
    CHECK(file.service(0).name() == "ReviewService");
  }
  CHECK(names.at(0) == "countersign/approval/v1/approval.proto");
  CHECK(std::count(names.begin(), names.end(), "google/protobuf/timestamp.proto") == 1);
  CHECK(std::count(names.begin(), names.end(), "countersign/options/v1/access.proto") == 1);
}

TEST_CASE("Reflection: what is not served is not found", "[grpc]") {
  ::grpc::reflection::v1::ServerReflectionRequest request;
  request.set_file_by_filename("countersign/masking/v1/masking.proto");
  CHECK(Reflect(request).error_response().error_code() == 5);
  request.set_file_containing_symbol("countersign.masking.v1.MaskingService");
  CHECK(Reflect(request).error_response().error_code() == 5);
  request.set_file_containing_symbol("none");
  CHECK(Reflect(request).error_response().error_code() == 5);
  request.set_all_extension_numbers_of_type("google.protobuf.MethodOptions");
  CHECK(Reflect(request).all_extension_numbers_response().extension_number(0) == 50001);
  request.mutable_file_containing_extension()->set_containing_type("google.protobuf.MethodOptions");
  request.mutable_file_containing_extension()->set_extension_number(50001);
  CHECK(Reflect(request).has_file_descriptor_response());
  Fixture f;
  CHECK(absl::IsInvalidArgument(f.backend->Reflect("\xff").status()));
  CHECK(absl::IsInvalidArgument(f.backend->Reflect("").status()));
}

}  // namespace
}  // namespace countersign::edge::grpc_calls
