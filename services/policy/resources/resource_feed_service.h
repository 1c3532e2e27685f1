#pragma once

#include "countersign/policy/v1/policy.grpc.pb.h"
#include "services/policy/resources/remote_parts.h"

namespace countersign::policy::resources {

// One open stream per part in another process: drafts to validate and versions to serve go out,
// answers come in. The peer rules of libs/rpc say who may open one.
class ResourceFeedService final : public v1::ResourceFeedService::CallbackService {
 public:
  explicit ResourceFeedService(RemoteParts& parts) : parts_(parts) {}

  grpc::ServerBidiReactor<v1::WatchRequest, v1::WatchResponse>* Watch(
      grpc::CallbackServerContext* context) override;

 private:
  RemoteParts& parts_;
};

}  // namespace countersign::policy::resources
