#pragma once

#include <string>

#include "libs/async/awaitable.h"
#include "services/edge/call/caller_connection.h"
#include "services/edge/call/upstream.h"

namespace countersign::edge {

// Handles the requests of transports. Thread-safe.
class RequestHandler {
 public:
  virtual ~RequestHandler() = default;

  // Answers one request. Runs on the executor of `caller` and `upstream`, which both outlive the
  // coroutine; called concurrently on several executors.
  virtual async::Awaitable<void> Handle(call::CallerConnection& caller,
                                        call::Upstream& upstream) = 0;

  // The reply to a request whose head could not be read (400, 408, 431), or that Handle left
  // without a reply (500). Counts it.
  struct WholeReply {
    call::ReplyHead head;
    std::string body;
  };
  virtual WholeReply RefuseUnread(int status) = 0;
};

}  // namespace countersign::edge
