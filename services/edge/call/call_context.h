#pragma once

#include <string>

#include "absl/time/time.h"
#include "libs/async/cancellation.h"
#include "libs/async/executor.h"
#include "services/edge/call/call_observer.h"
#include "services/edge/call/call_services.h"
#include "services/edge/call/caller_connection.h"
#include "services/edge/call/reply.h"
#include "services/edge/call/upstream.h"

namespace countersign::edge::call {

// The data that every step of a call needs. Built before the first step and constant during the
// call. Results of steps are in the values that they return.
struct CallContext {
  const CallServices& services;
  Upstream& upstream;
  CallerConnection& caller_connection;
  Reply& reply;
  const RequestHead& request;
  const std::string request_id;  // ours
  const absl::Time arrived;
  const async::Executor executor;
  async::Cancellation& cancellation;
  CallObserver* observer = nullptr;              // null: nobody follows the call
  absl::Time deadline = absl::InfiniteFuture();  // when the caller gives up, as far as it says so
};

}  // namespace countersign::edge::call
