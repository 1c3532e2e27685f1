#pragma once

#include <string>

#include "absl/time/time.h"
#include "libs/async/cancellation.h"
#include "libs/async/executor.h"
#include "libs/dialects/dialect.h"
#include "libs/http/exchange.h"
#include "services/edge/call/edge_services.h"
#include "services/edge/call/reply.h"

namespace countersign::edge::call {

class Upstream;

// A request as the listener read it, without its body.
struct CallRequest {
  std::string request_id;  // ours
  std::string path;        // without the query
  std::string query;       // without '?'
  dialects::HeaderList headers;
  absl::Time arrived;
};

// What every step of one call needs. Built once, before the first step; nothing in it is replaced
// while the call runs. What the steps find out travels in the values that they return.
struct CallContext {
  const EdgeServices& services;
  Upstream& upstream;
  http::Exchange& exchange;
  Reply& reply;
  const CallRequest& request;
  const async::Executor executor;
  async::Cancellation& cancellation;
};

}  // namespace countersign::edge::call
