#include "libs/server/reflection_service.h"

#include <grpcpp/impl/server_builder_option.h>
#include <grpcpp/impl/server_builder_plugin.h>
#include <grpcpp/impl/server_initializer.h>

#include <utility>

#include "libs/rpc/status.h"

namespace countersign::server {

namespace v1 = ::grpc::reflection::v1;
using Request = v1::ServerReflectionRequest;
using Response = v1::ServerReflectionResponse;

namespace {

// Answers one request after the other.
class Reactor final : public grpc::ServerBidiReactor<Request, Response> {
 public:
  explicit Reactor(const rpc::Reflection& reflection) : reflection_(reflection) {
    StartRead(&request_);
  }
  void OnReadDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::OK);
    const auto answer = reflection_.Answer(request_.SerializeAsString());
    if (!answer.ok()) return Finish(rpc::ToGrpc(answer.status()));
    response_.ParseFromString(*answer);
    StartWrite(&response_);
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::CANCELLED);
    StartRead(&request_);
  }
  void OnDone() override { delete this; }

 private:
  const rpc::Reflection& reflection_;
  Request request_;
  Response response_;
};

}  // namespace

// Learns the server's services when it is built.
class ReflectionService::ReadServices final : public grpc::ServerBuilderPlugin,
                                              public grpc::ServerBuilderOption {
 public:
  explicit ReadServices(ReflectionService& service) : service_(service) {}

  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    plugins->push_back(std::make_unique<ReadServices>(service_));
  }

  std::string name() override { return "read_services"; }
  void InitServer(grpc::ServerInitializer*) override {}
  void Finish(grpc::ServerInitializer* built) override {
    service_.reflection_ = std::make_unique<const rpc::Reflection>(*built->GetServiceList());
  }
  void ChangeArguments(const std::string&, void*) override {}

 private:
  ReflectionService& service_;
};

void ReflectionService::AddTo(grpc::ServerBuilder& builder) {
  builder.RegisterService(this);
  builder.SetOption(std::make_unique<ReadServices>(*this));
}

grpc::ServerBidiReactor<Request, Response>* ReflectionService::ServerReflectionInfo(
    grpc::CallbackServerContext*) {
  return new Reactor(*reflection_);
}

}  // namespace countersign::server
