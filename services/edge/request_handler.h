#pragma once

#include <string>

#include "libs/async/awaitable.h"
#include "services/edge/call/caller_connection.h"
#include "services/edge/call/upstream.h"

namespace countersign::edge {

// What transports hand requests to. Thread-safe.
class RequestHandler {
 public:
  virtual ~RequestHandler() = default;

  // Answers one request. Runs on the executor of `caller`, which is that of `upstream`, and may be
  // entered on many at once. Both outlive the coroutine.
  virtual async::Awaitable<void> Handle(call::CallerConnection& caller,
                                        call::Upstream& upstream) = 0;

  // What a request is answered with whose head could not be read (400, 408, 431), or that Handle
  // left without a reply (500). Counts it.
  struct WholeReply {
    call::ReplyHead head;
    std::string body;
  };
  virtual WholeReply RefuseUnread(int status) = 0;
};

}  // namespace countersign::edge
