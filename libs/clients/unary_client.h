#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <functional>
#include <memory>
#include <utility>

#include "absl/time/time.h"
#include "libs/clients/call_group.h"
#include "libs/domain/call.h"

namespace countersign::clients {

// The principal of a request, and the deadline of its answer.
struct CallTerms {
  const domain::Call* call = nullptr;  // null: the request is this service's own
  absl::Time deadline;
};

// Calls the unary methods of one gRPC service, for one adapter. Destruction cancels outstanding
// calls and returns when all were answered. Thread-safe.
template <typename Service>
class UnaryClient {
 public:
  using Async = typename Service::StubInterface::async_interface;
  template <typename Request, typename Response>
  using Method = void (Async::*)(grpc::ClientContext*, const Request*, Response*,
                                 std::function<void(grpc::Status)>);

  explicit UnaryClient(const std::shared_ptr<grpc::Channel>& channel)
      : stub_(Service::NewStub(channel)) {}

  // Calls `method` (&UnaryClient::Async::SomeMethod). `done` gets convert(response), which is a T
  // or a StatusOr<T>, or the call's status with its reason.
  template <typename Request, typename Response, typename Convert, typename T>
  void Call(Method<Request, Response> method, const CallTerms& terms, Request request,
            Convert convert, domain::Done<T> done) {
    calls_.Unary<Response>(
        terms.call, terms.deadline, std::move(request),
        [this, method](auto... arguments) { (stub_->async()->*method)(std::move(arguments)...); },
        [convert = std::move(convert),
         done = std::move(done)](absl::StatusOr<Response> response) mutable {
          if (!response.ok()) return done(response.status());
          done(convert(*std::move(response)));
        });
  }

 private:
  const std::unique_ptr<typename Service::Stub> stub_;
  CallGroup calls_;  // Destroyed first, because calls use the stub.
};

}  // namespace countersign::clients
