#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/domain/call.h"
#include "libs/rpc/status.h"

namespace countersign::clients {

// The outstanding unary calls of one adapter. Destroying it cancels them and returns when every one
// was answered, so that no answer finds its adapter gone. Thread-safe.
class CallGroup {
 public:
  CallGroup();
  ~CallGroup();
  CallGroup(const CallGroup&) = delete;
  CallGroup& operator=(const CallGroup&) = delete;

  // Starts one call by `start(context, request, response, callback)`, which is a method of a stub's
  // async interface, and hands its answer to `done`: the response, or the status with its reason.
  template <typename Response, typename Request, typename Start>
  void Unary(const domain::Call* call, absl::Time deadline, Request request, Start start,
             domain::Done<Response> done);

 private:
  void Add(grpc::ClientContext* context);
  void Remove(grpc::ClientContext* context);

  std::mutex mutex_;
  std::condition_variable empty_;
  std::set<grpc::ClientContext*> outstanding_;
  bool stopping_ = false;
};

// Gives `context` the deadline (no call goes without: at most an hour from now) and, with a `call`,
// the internal token of its principal.
void Prepare(grpc::ClientContext& context, const domain::Call* call, absl::Time deadline);
// Adds the internal token and no deadline: for streams, which live as long as their caller needs.
void AddIdentity(grpc::ClientContext& context, const domain::Call& call);

template <typename Response, typename Request, typename Start>
void CallGroup::Unary(const domain::Call* call, absl::Time deadline, Request request, Start start,
                      domain::Done<Response> done) {
  struct Pending {
    grpc::ClientContext context;
    Request request;
    Response response;
    domain::Done<Response> done;
  };
  auto pending = std::make_shared<Pending>();
  pending->request = std::move(request);
  pending->done = std::move(done);
  Prepare(pending->context, call, deadline);
  Add(&pending->context);
  start(&pending->context, &pending->request, &pending->response,
        [this, pending](const grpc::Status& status) {
          if (status.ok()) {
            pending->done(std::move(pending->response));
          } else {
            pending->done(rpc::FromGrpc(status));
          }
          Remove(&pending->context);
        });
}

}  // namespace countersign::clients
