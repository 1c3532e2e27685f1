#include "services/edge/call/reflection/add_schema.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "libs/grpc_wire/frames.h"
#include "services/edge/testing/call_fixture.h"

namespace countersign::edge::call::reflection {
namespace {

using request::Route;
using request::VerifiedCaller;
using testing::CallFixture;
using testing::OneCall;

constexpr char kMethod[] = "/p.S/Do";
const dialects::HeaderList kOk = {{"grpc-status", "0"}};

std::string Field(int number, const std::string& content) {
  std::string bytes(1, static_cast<char>(number << 3 | 2));
  bytes.push_back(static_cast<char>(content.size()));
  return bytes + content;
}

// An answer of reflection that lists the service, and one with its file.
const std::string kServices = grpc_wire::EncodeFrame(0, Field(6, Field(1, Field(1, "p.S"))));
const std::string kFile = grpc_wire::EncodeFrame(
    0, Field(4, Field(1, Field(1, "s.proto") + Field(2, "p") + Field(4, Field(1, "M")) +
                             Field(6, Field(1, "S") + Field(2, Field(1, "Do") + Field(2, ".p.M") +
                                                                   Field(3, ".p.M"))))));

struct Fixture : CallFixture {
  Fixture() { connection().protocol = domain::Protocol::kGrpc; }

  Step<Route> Add() {
    OneCall& call = NewCall("");
    call.caller.request().rpc = true;
    auto caller = call.Run(VerifiedCaller::Verify(call.context));
    REQUIRE((caller && caller->ok()));
    auto route =
        call.Run(AddSchema(call.context, **caller, Route{resources, &connection(), kMethod}));
    REQUIRE(route.has_value());
    return *std::move(route);
  }
};

TEST_CASE("AddSchema: the upstream is asked once, with the connection's credential", "[edge]") {
  Fixture f;
  f.connection().credential = "key";
  f.authenticator.lease.Always([] {
    domain::CredentialLease lease;
    lease.headers.push_back({"authorization", SecretString("Bearer up")});
    return lease;
  });
  f.upstream.AnswerRpc({kServices}, kOk);
  f.upstream.AnswerRpc({kFile}, kOk);
  const Step<Route> route = f.Add();
  REQUIRE(route.ok());
  REQUIRE(route->connection->schema != nullptr);
  CHECK(route->connection->schema->FindMethod(kMethod) != nullptr);
  CHECK(route->connection->name == "openai");
  REQUIRE(f.upstream.sent().size() == 2);
  const testing::FakeUpstream::Sent& sent = f.upstream.sent().front();
  CHECK(sent.head.target == "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo");
  CHECK(sent.credential.front().second == "Bearer up");
  CHECK(f.Add()->connection->schema != nullptr);
  CHECK(f.upstream.sent().size() == 2);
}

TEST_CASE("AddSchema: an upstream without reflection is refused, and not asked at once again",
          "[edge]") {
  Fixture f;
  f.upstream.AnswerRpc({}, {{"grpc-status", "12"}});
  f.upstream.AnswerRpc({}, {{"grpc-status", "12"}});
  const Step<Route> route = f.Add();
  REQUIRE_FALSE(route.ok());
  CHECK(route.refusal().error.code == "unavailable");
  REQUIRE(f.upstream.sent().size() == 2);
  CHECK(f.upstream.sent().back().head.target ==
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo");
  CHECK_FALSE(f.Add().ok());
  CHECK(f.upstream.sent().size() == 2);
}

TEST_CASE("AddSchema: only for callers of the connection, and only without descriptors", "[edge]") {
  Fixture f;
  f.connection().schema = protobuf_texts::Schema::Make({}).value();
  CHECK(f.Add()->connection == &f.connection());
  f.connection().schema = nullptr;
  f.connection().protocol = domain::Protocol::kOpenAi;
  CHECK(f.Add()->connection == &f.connection());
  CHECK(f.upstream.sent().empty());
}

}  // namespace
}  // namespace countersign::edge::call::reflection
