#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/base/secret.h"
#include "libs/json/document.h"

namespace countersign::cli {

struct GatewayAddress {
  std::string url;     // http://host:port or https://host:port, without a path
  SecretString token;  // may be empty: the gateway then says what is missing
  std::string ca_file;
};

// Calls the gateway's admin and review RPCs as JSON (the Connect protocol's unary form). Blocking.
class GatewayClient {
 public:
  explicit GatewayClient(GatewayAddress address) : address_(std::move(address)) {}

  // Sends `request` (a JSON object) to `method` ("policy.v1.ResourceService/Apply") and gives the
  // answer. A refusal keeps the gateway's code and message; an unreachable gateway is UNAVAILABLE
  // and says where it was sought and what to do.
  absl::StatusOr<json::Document> Call(absl::string_view method, const std::string& request,
                                      absl::Duration timeout = absl::Seconds(60));

  // Whether the gateway itself has answered yet, if only that a part of it is away.
  bool answered() const { return answered_; }

  const std::string& url() const { return address_.url; }

 private:
  GatewayAddress address_;
  bool answered_ = false;
};

}  // namespace countersign::cli
