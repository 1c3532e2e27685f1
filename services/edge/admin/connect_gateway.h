#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "libs/domain/call.h"
#include "services/edge/edge.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace countersign::edge {

// Admin and review RPCs as JSON: the unary form of the Connect protocol,
// POST /countersign.<service>.v1.<Service>/<Method> with content-type application/json.
//
// A method can be reached only if its descriptor declares an access option, and only by a principal
// with the role that it names (on any connection); everything else is answered as if it did not
// exist. The owner of the method checks again. Thread-safe.
class ConnectGateway {
 public:
  // By the <service> in the path: "authn", "policy", "approval", "recorder". Channels with mutual
  // TLS, or in-process ones in standalone.
  using Channels = std::map<std::string, std::shared_ptr<grpc::Channel>>;
  explicit ConnectGateway(Channels channels);
  ~ConnectGateway();

  struct Reply {
    int http_status = 500;
    std::string body;  // application/json
  };

  // `call.principal` is verified. `path` begins with '/'. `done` is called once, on any thread,
  // possibly before Call returns, shortly after `deadline` at the latest. Destroying the gateway
  // cancels what is outstanding and waits for it.
  void Call(const domain::Call& call, absl::string_view path, absl::string_view content_type,
            std::string body, absl::Time deadline, std::function<void(Reply)> done);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// `gateway` as the Edge calls it. It outlives the result.
AdminGateway AdminThrough(ConnectGateway& gateway);

}  // namespace countersign::edge
