#pragma once

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "libs/base/health_check.h"
#include "libs/domain/resource_feed.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace countersign::clients {

// ResourceFeed over gRPC. Each watcher has a stream and a thread, which calls its Validate and
// Serve. A lost stream is reopened with a back-off of up to two seconds; meanwhile the watcher
// keeps serving. Destruction ends the streams and joins.
class GrpcResourceFeed final : public domain::ResourceFeed {
 public:
  // `examine` looks at this process when policy asks; without it, it is not asked. An examination
  // delays what the feed brings by as much as it takes.
  explicit GrpcResourceFeed(std::shared_ptr<grpc::Channel> policy,
                            HealthExaminer examine = nullptr);
  ~GrpcResourceFeed() override;

  void Attach(const std::string& part, domain::ResourceWatcher& watcher) override;

  // True once every watcher serves a version, which may be the empty one of a new installation.
  // Used for readiness; a lost stream does not change it.
  bool serving() const;

 private:
  class Follower;
  std::shared_ptr<grpc::Channel> channel_;
  const HealthExaminer examine_;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace countersign::clients
