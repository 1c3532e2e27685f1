#pragma once

#include "countersign/policy/v1/policy.grpc.pb.h"
#include "services/policy/resources/remote_parts.h"

namespace countersign::policy::resources {

// ResourceFeedService over gRPC: one stream per part in another process sends drafts to validate
// and versions to serve, and receives the answers. libs/rpc/peer_rules decides who may open one.
class ResourceFeedService final : public v1::ResourceFeedService::CallbackService {
 public:
  explicit ResourceFeedService(RemoteParts& parts) : parts_(parts) {}

  grpc::ServerBidiReactor<v1::WatchRequest, v1::WatchResponse>* Watch(
      grpc::CallbackServerContext* context) override;

  void EndStreams() { parts_.Close(); }

 private:
  RemoteParts& parts_;
};

}  // namespace countersign::policy::resources
