#pragma once

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "libs/domain/resource_feed.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace countersign::clients {

// policy's resource feed over gRPC. Each watcher has a stream and a thread of its own, which calls
// its Prepare and Serve. A lost stream is opened again, with a back-off of up to two seconds;
// meanwhile the watcher goes on with what it serves. Destroying it ends the streams and joins.
class GrpcResourceFeed final : public domain::ResourceFeed {
 public:
  explicit GrpcResourceFeed(std::shared_ptr<grpc::Channel> policy);
  ~GrpcResourceFeed() override;

  void Attach(const std::string& part, domain::ResourceWatcher& watcher) override;

  // The lowest version that a watcher serves; 0 while one serves none. For readiness.
  std::uint64_t serving() const;

 private:
  class Follower;
  std::shared_ptr<grpc::Channel> channel_;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace countersign::clients
