#pragma once

#include <grpcpp/server_builder.h>

#include <memory>
#include <string>
#include <vector>

#include "grpc/reflection/v1/reflection.grpc.pb.h"
#include "libs/rpc/reflection.h"

namespace countersign::server {

// grpc.reflection.v1.ServerReflection of all services of one gRPC server. Thread-safe.
class ReflectionService final : public grpc::reflection::v1::ServerReflection::CallbackService {
 public:
  // Serves it on the server that `builder` builds. This object must outlive that server.
  void AddTo(grpc::ServerBuilder& builder);

  grpc::ServerBidiReactor<grpc::reflection::v1::ServerReflectionRequest,
                          grpc::reflection::v1::ServerReflectionResponse>*
  ServerReflectionInfo(grpc::CallbackServerContext* context) override;

 private:
  class ReadServices;
  std::unique_ptr<const rpc::Reflection> reflection_;  // once the server is built
};

}  // namespace countersign::server
