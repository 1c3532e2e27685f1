#pragma once

#include <string>

#include "absl/time/time.h"
#include "libs/domain/call.h"

namespace countersign::edge::admin {

// One admin or review call: POST /countersign.<service>.v1.<Service>/<Method>.
struct AdminRequest {
  domain::Call call;         // of a verified caller
  std::string path;          // begins with '/'
  std::string content_type;  // as the caller wrote it
  std::string body;
  absl::Time deadline;
};

struct AdminReply {
  int http_status = 500;
  std::string body;  // application/json
};

// Carries admin and review calls to the services that own them. Thread-safe.
class AdminBackend {
 public:
  virtual ~AdminBackend() = default;

  // `done` is called once, on any thread, possibly before Forward returns, shortly after the
  // request's deadline at the latest. What the owner refuses is a reply with its HTTP status; an
  // error means that there is no reply at all.
  virtual void Forward(AdminRequest request, domain::Done<AdminReply> done) = 0;
};

}  // namespace countersign::edge::admin
