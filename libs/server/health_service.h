#pragma once

#include <functional>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "libs/base/thread_pool.h"
#include "libs/rpc/page_stream.h"

namespace countersign::server {

// grpc.health.v1.Health of a service: its state is that of /readyz. Thread-safe.
class HealthService final : public grpc::health::v1::Health::CallbackService {
 public:
  // `not_ready` returns what is missing, "" when ready; it may block, and is called by one thread.
  // A watch looks every `interval`.
  explicit HealthService(std::function<std::string()> not_ready,
                         absl::Duration interval = absl::Seconds(1))
      : not_ready_(std::move(not_ready)), interval_(interval) {}

  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context,
                                  const grpc::health::v1::HealthCheckRequest* request,
                                  grpc::health::v1::HealthCheckResponse* response) override;
  grpc::ServerWriteReactor<grpc::health::v1::HealthCheckResponse>* Watch(
      grpc::CallbackServerContext* context,
      const grpc::health::v1::HealthCheckRequest* request) override;

  // Ends all watches, because the process stops.
  void EndStreams() { watches_.Close(); }

 private:
  grpc::health::v1::HealthCheckResponse Look() const;

  const std::function<std::string()> not_ready_;
  const absl::Duration interval_;
  rpc::StreamSlots watches_{100, 100};
  ThreadPool pool_{1, 100};  // last: its thread uses the members above
};

}  // namespace countersign::server
