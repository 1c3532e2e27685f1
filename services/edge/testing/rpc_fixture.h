#pragma once

#include <memory>
#include <string>
#include <utility>

#include "libs/grpc_wire/fields.h"
#include "services/edge/request_dispatcher.h"
#include "services/edge/testing/call_fixture.h"

namespace countersign::edge::testing {

// Calls over gRPC to a connection, without a network.
struct RpcFixture : CallFixture {
  // A connection beside the fixture's own, which is not the default one.
  domain::Connection& AddConnection(const std::string& name, domain::Protocol protocol) {
    domain::Connection& added = resources->connections[name];
    added = connection();
    added.name = name;
    added.protocol = protocol;
    added.url = "fake:";
    added.is_default = false;
    return added;
  }

  FakeCallerConnection& NewCaller(const std::string& connection, const std::string& path,
                                  std::string body) {
    auto caller = std::make_shared<FakeCallerConnection>(executor);
    calls.push_back(caller);
    caller->request().path = path;
    caller->request().http_version = 2;
    caller->request().headers.emplace_back("content-type", "application/grpc");
    caller->request().headers.emplace_back("countersign-connection", connection);
    caller->set_body(std::move(body));
    return *caller;
  }
  void Handle(FakeCallerConnection& caller) { executor.Run(RunHandle(caller)); }

  RequestDispatcher dispatcher{services, grpc_calls::RpcOptions()};

 private:
  async::Awaitable<bool> RunHandle(FakeCallerConnection& caller) {
    co_await dispatcher.Handle(caller, upstream);
    co_return true;
  }
};

// The status that a caller got, and its details.
inline std::string RpcStatus(const FakeCallerConnection& caller) {
  return caller.trailer("grpc-status");
}
inline std::string RpcDetails(const FakeCallerConnection& caller) {
  return grpc_wire::DecodeBinary(caller.trailer("grpc-status-details-bin")).value_or("");
}

}  // namespace countersign::edge::testing
