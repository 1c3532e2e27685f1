#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <functional>
#include <memory>
#include <set>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/mutex.h"
#include "libs/domain/call.h"
#include "libs/rpc/status.h"

namespace countersign::clients {

// The outstanding calls of an adapter. Destruction cancels them and returns when all were
// answered, so that no callback runs after the adapter is gone. Thread-safe.
class CallGroup {
 public:
  CallGroup();
  ~CallGroup();
  CallGroup(const CallGroup&) = delete;
  CallGroup& operator=(const CallGroup&) = delete;

  // Starts one call with `start(context, request, response, callback)`, a method of a stub's async
  // interface. `done` gets the response, or the status with its reason.
  template <typename Response, typename Request, typename Start>
  void Unary(const domain::Call* call, absl::Time deadline, Request request, Start start,
             domain::Done<Response> done);

  // For calls of other kinds: Add before the call is started, Remove when it is done, as the last
  // thing that uses the adapter. A call that is added while the group is destroyed is cancelled.
  void Add(grpc::ClientContext* context);
  void Remove(grpc::ClientContext* context);

 private:
  Mutex mutex_;
  CondVar empty_;
  std::set<grpc::ClientContext*> outstanding_ CS_GUARDED_BY(mutex_);
  bool stopping_ CS_GUARDED_BY(mutex_) = false;
};

// Sets the deadline of `context` (at most one hour from now, so that every call has one) and, with
// a `call`, the internal token of its principal.
void Prepare(grpc::ClientContext& context, const domain::Call* call, absl::Time deadline);
// Sets the internal token but no deadline: for streams, whose length the caller decides.
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
