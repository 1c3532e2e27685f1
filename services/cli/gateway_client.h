#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/base/secret.h"
#include "libs/json/document.h"

namespace countersign::cli {

struct GatewayAddress {
  std::string url;      // http://host:port or https://host:port, without a path
  SecretString token;   // may be empty
  std::string ca_file;  // may be empty
  // `token` is of the login at this gateway, and renewed before a call that would come too late.
  bool from_login = false;
};

// Calls the gateway's admin and review RPCs with JSON messages. Blocking; not thread-safe.
class GatewayClient {
 public:
  virtual ~GatewayClient() = default;

  // Sends `request` (a JSON object) to `method` ("policy.v1.ResourceService/Apply") and returns the
  // response. An error from the gateway keeps its code and message. UNAVAILABLE when the gateway
  // cannot be reached; the message contains the address and what to do.
  virtual absl::StatusOr<json::Document> Call(absl::string_view method,
                                              const std::string& request) = 0;

  // Whether any call has been answered, with a response or an error.
  virtual bool answered() const = 0;

  virtual const std::string& url() const = 0;
};

// Makes a client for an address; tests replace it.
using GatewayConnector = std::function<std::unique_ptr<GatewayClient>(GatewayAddress)>;

// A client over HTTP (Connect protocol, unary). A call may take up to a minute.
std::unique_ptr<GatewayClient> ConnectOverHttp(GatewayAddress address);

// The error of a gateway that cannot be reached because of `reason`, which the connection gave: it
// says what to do, also where one side speaks TLS and the other does not.
absl::Status Unreachable(absl::string_view url, absl::string_view reason);

// The error in a response with a status other than 200: Connect's {"code", "message"} or an OpenAI
// error.
absl::Status ErrorFromAnswer(int http_status, absl::string_view body);

}  // namespace countersign::cli
