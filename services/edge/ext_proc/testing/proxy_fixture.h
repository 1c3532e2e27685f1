#pragma once

// Calls that a proxy holds, from its messages to what it is answered, without a network.

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/edge/ext_proc/testing/fake_proxy.h"
#include "services/edge/grpc_calls/testing/fake_rpc_backend.h"
#include "services/edge/testing/call_fixture.h"

namespace countersign::edge::ext_proc::testing {

using Replies = std::vector<std::string>;

inline constexpr Modes kFull{BodyMode::kFullDuplex, BodyMode::kFullDuplex};
inline constexpr Modes kWhole{BodyMode::kBuffered, BodyMode::kBuffered};

inline ProxyMessage MakeMessage(Direction direction, Part part, bool end) {
  ProxyMessage message;
  message.direction = direction;
  message.part = part;
  message.end_of_stream = end;
  return message;
}
inline ProxyMessage Request(std::optional<Modes> modes, bool end = false) {
  ProxyMessage message = MakeMessage(Direction::kRequest, Part::kHeaders, end);
  message.headers = {{":method", "POST"},
                     {":path", "/v1/chat/completions"},
                     {":authority", "mesh"},
                     {":scheme", "http"},
                     {"accept", "application/json"},
                     {"authorization", "Bearer key-1"},
                     {"x-odd", "secret talk"},
                     {"content-length", "9"},
                     {"x-envoy-a", "1"},
                     {"x-forwarded-proto", "http"}};
  message.modes = modes;
  return message;
}
inline ProxyMessage Body(Direction direction, std::string body, bool end) {
  ProxyMessage message = MakeMessage(direction, Part::kBody, end);
  message.body = std::move(body);
  return message;
}
inline ProxyMessage Response(int status, const std::string& type = "application/json",
                             bool end = false) {
  ProxyMessage message = MakeMessage(Direction::kResponse, Part::kHeaders, end);
  message.headers = {
      {":status", absl::StrCat(status)}, {"content-type", type}, {"set-cookie", "a=b"}};
  return message;
}
inline ProxyMessage Trailers(Direction direction) {
  ProxyMessage message = MakeMessage(direction, Part::kTrailers, true);
  message.headers = {{"x-sum", "1"}, {"x-sum", "2"}};
  return message;
}

inline std::string Content(absl::string_view text) {
  return absl::StrCat(R"(data: {"id":"c-1","choices":[{"index":0,"delta":{"content":")", text,
                      R"("},"finish_reason":null}]})", "\n\n");
}
inline const std::string kFinished =
    "data: "
    "{\"id\":\"c-1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
inline const std::string kDone = "data: [DONE]\n\n";

class Backend final : public grpc_calls::testing::FakeRpcBackend {
 public:
  const Codec* ext_proc() const override { return &codec; }
  ListCodec codec;
};

struct ProxyFixture : edge::testing::CallFixture {
  ProxyFixture() {
    dispatcher.SetRpcBackend(backend);
    authenticator.Know("mesh-key", Proxy({}));
  }

  static domain::Principal Proxy(std::vector<std::string> connections) {
    domain::Principal principal = Principal("mesh");
    principal.roles = {{domain::Role::kProxy, std::move(connections)}};
    return principal;
  }

  // A stream, which runs from its first message on.
  FakeProxy& NewProxy() {
    auto proxy = std::make_shared<FakeProxy>(executor, backend.codec);
    calls.push_back(proxy);
    return *proxy;
  }
  FakeProxy& Open(FakeProxy& proxy, ProxyMessage first) {
    executor.Run(Handle(proxy));
    Say(proxy, std::move(first));
    return proxy;
  }
  FakeProxy& Open(const Modes& modes) { return Open(NewProxy(), Request(modes)); }
  void Say(FakeProxy& proxy, ProxyMessage message) {
    proxy.Say(std::move(message));
    Run();
  }
  // A call up to the request that is let through.
  FakeProxy& Forward(const Modes& modes, const std::string& body = edge::testing::kPlainBody) {
    FakeProxy& proxy = Open(modes);
    Say(proxy, Body(Direction::kRequest, body, true));
    Replies replies = proxy.TakeReplies();
    REQUIRE_FALSE(replies.empty());
    REQUIRE_THAT(replies.back(), Catch::StartsWith("> "));
    return proxy;
  }

  Backend backend;
  RequestDispatcher dispatcher{services, grpc_calls::RpcOptions()};

 private:
  async::Awaitable<bool> Handle(FakeProxy& proxy) {
    co_await dispatcher.Handle(proxy, upstream);
    co_return true;
  }
};

}  // namespace countersign::edge::ext_proc::testing
