#pragma once

// For tests of the ports over gRPC: a call, deadlines, an unreachable server, and an awaited
// answer.

#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>

#include <future>
#include <memory>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "libs/domain/call.h"

namespace countersign::clients {

inline absl::Time In(absl::Duration duration) { return absl::Now() + duration; }
inline const absl::Duration kLong = absl::Seconds(30);

inline domain::Call TestCall() {
  domain::Call call;
  call.request_id = "r1";
  call.principal = std::make_shared<domain::Principal>();
  call.internal_token = std::make_shared<const SecretString>("token-of-ann");
  return call;
}

inline std::shared_ptr<grpc::Channel> Nowhere() {
  return grpc::CreateChannel("unix:/nonexistent/countersign.sock",
                             grpc::InsecureChannelCredentials());
}

// A promise as a port's callback, and its answer.
template <typename T>
class Waiting {
 public:
  auto done() {
    return [promise = promise_](T answer) { promise->set_value(std::move(answer)); };
  }
  T get() { return promise_->get_future().get(); }

 private:
  std::shared_ptr<std::promise<T>> promise_ = std::make_shared<std::promise<T>>();
};

}  // namespace countersign::clients
