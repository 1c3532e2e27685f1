#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/domain/call.h"

namespace countersign::edge::admin {

// An admin or review RPC: POST /countersign.<service>.v1.<Service>/<Method>.
struct AdminRequest {
  domain::Call call;         // for the verified caller
  std::string path;          // begins with '/'
  std::string content_type;  // as the caller wrote it
  std::string body;
  absl::Time deadline;
};

struct AdminReply {
  int http_status = 500;
  std::string body;  // application/json
};

// Forwards admin and review RPCs to the services that own them. Thread-safe.
class AdminBackend {
 public:
  virtual ~AdminBackend() = default;

  // Calls `done` once, on any thread, possibly before Forward returns, and at the latest shortly
  // after the request's deadline. A refusal by the owning service is a reply with its HTTP status;
  // an error means that there is no reply.
  virtual void Forward(AdminRequest request, domain::Done<AdminReply> done) = 0;

  // The OpenAPI document of the RPCs; "" if there is none.
  virtual absl::string_view api_document() const { return ""; }
};

}  // namespace countersign::edge::admin
