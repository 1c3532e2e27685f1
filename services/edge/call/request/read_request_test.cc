#include "services/edge/call/request/read_request.h"

#include <catch2/catch.hpp>

#include "services/edge/testing/call_fixture.h"

namespace countersign::edge::call::request {
namespace {

using testing::CallFixture;
using testing::kStreamBody;
using testing::OneCall;

struct Fixture : CallFixture {
  Route MakeRoute(const std::string& path = "/v1/chat/completions") {
    return Route{resources, &connection(), path};
  }
  async::Awaitable<Step<ReadRequest>> Read(OneCall& call, Route route) {
    return ReadRequest::Read(call.context, std::move(route),
                             *dialects::FindDialect(domain::Protocol::kOpenAi));
  }
  Step<ReadRequest> ReadNow(OneCall& call, const std::string& path = "/v1/chat/completions") {
    auto read = call.Run(Read(call, MakeRoute(path)));
    REQUIRE(read.has_value());
    return *std::move(read);
  }
  VerifiedCaller Verify(OneCall& call) {
    auto caller = call.Run(VerifiedCaller::Verify(call.context));
    REQUIRE((caller && caller->ok()));
    return **std::move(caller);
  }
};

TEST_CASE("ReadRequest: the prompt is parsed by the connection's dialect", "[edge]") {
  Fixture f;
  OneCall& call = f.NewCall(kStreamBody);
  const Step<ReadRequest> read = f.ReadNow(call);
  REQUIRE(read.ok());
  CHECK(read->prompt()->model == "gpt-4o");
  CHECK(read->prompt()->stream);
  CHECK(read->call().body == kStreamBody);
  CHECK(read->connection().name == "openai");
  CHECK(read->dialect().name() == "openai");
}

TEST_CASE("ReadRequest: reading again includes the texts of the query", "[edge]") {
  Fixture f;
  OneCall& call = f.NewCall(kStreamBody);
  call.caller.request().query = "note=for%20the%20reviewer";
  const Step<ReadRequest> read = f.ReadNow(call);
  REQUIRE(read.ok());
  const auto asked = call.Run(read->ReadAgain(call.context, read->call().body, {}));
  REQUIRE(asked.has_value());
  const auto& again = *asked;
  REQUIRE(again.ok());
  REQUIRE(!(*again)->parts.empty());
  CHECK((*again)->parts.back().text == "note=for the reviewer");
  CHECK((*again)->parts.size() == read->prompt()->parts.size());
}

TEST_CASE("ReadRequest: every error of a request and its code", "[edge]") {
  struct Case {
    const char* name;
    absl::StatusOr<std::string> body;
    const char* path;
    const char* code;
  };
  const Case cases[] = {
      {"too large", absl::ResourceExhaustedError("x"), "/v1/chat/completions", "payload_too_large"},
      {"too slow", absl::DeadlineExceededError("x"), "/v1/chat/completions", "invalid_request"},
      {"badly framed", absl::InvalidArgumentError("x"), "/v1/chat/completions", "invalid_request"},
      {"no JSON", std::string("{"), "/v1/chat/completions", "invalid_request"},
      {"a member twice", std::string(R"({"model":"a","model":"b","messages":[]})"),
       "/v1/chat/completions", "invalid_request"},
      {"another operation", std::string("{}"), "/v1/images/generations", "not_found"}};
  for (const Case& each : cases) {
    Fixture f;
    OneCall& call = f.NewCall();
    call.caller.read.Always([body = each.body] { return body; });
    const Step<ReadRequest> read = f.ReadNow(call, each.path);
    CAPTURE(each.name);
    REQUIRE_FALSE(read.ok());
    CHECK(read.refusal().error.code == each.code);
    CHECK(read.refusal().outcome == domain::Outcome::kBlocked);
  }
}

TEST_CASE("ReadRequest: a caller who leaves gets no error, a drain is reported", "[edge]") {
  {
    Fixture f;
    OneCall& call = f.NewCall();
    call.caller.read.Hold();
    std::optional<Step<ReadRequest>> read;
    const auto keep = [](async::Awaitable<Step<ReadRequest>> work,
                         std::optional<Step<ReadRequest>>& result) -> async::Awaitable<bool> {
      result.emplace(co_await std::move(work));
      co_return true;
    };
    CHECK_FALSE(call.Run(keep(f.Read(call, f.MakeRoute()), read)).has_value());
    call.caller.Leave();
    f.Run();
    REQUIRE((read && !read->ok()));
    CHECK(read->refusal().silent());
  }
  Fixture f;
  OneCall& call = f.NewCall();
  call.caller.cancellation().Cancel(absl::AbortedError("the process drains"));
  call.caller.read.AlwaysFail(absl::CancelledError("stopped"));
  const Step<ReadRequest> read = f.ReadNow(call);
  REQUIRE_FALSE(read.ok());
  CHECK_FALSE(read.refusal().silent());
  CHECK(read.refusal().error.code == "unavailable");
}

TEST_CASE("CheckCaller: a caller needs a role on the connection", "[edge]") {
  struct Case {
    const char* name;
    std::vector<domain::RoleGrant> roles;
    bool allowed;
  };
  const Case cases[] = {{"on every connection", {{domain::Role::kCaller, {}}}, true},
                        {"on this one", {{domain::Role::kCaller, {"a", "openai"}}}, true},
                        {"on another one", {{domain::Role::kCaller, {"a"}}}, false},
                        {"another role", {{domain::Role::kAdmin, {}}}, false},
                        {"none", {}, false}};
  for (const Case& each : cases) {
    Fixture f;
    domain::Principal principal = CallFixture::Principal("alice");
    principal.roles = each.roles;
    f.authenticator.Know("key-1", principal);
    OneCall& call = f.NewCall();
    const std::optional<Refusal> refusal = CheckCaller(f.Verify(call), *f.ReadNow(call));
    CAPTURE(each.name);
    CHECK(refusal.has_value() != each.allowed);
    if (!refusal) continue;
    CHECK(refusal->error.code == "permission_denied");
    CHECK(
        refusal->error.message ==
        "alice may not call connection \"openai\": no RoleBinding gives it the role caller there; "
        "ask an administrator for one");
  }
}

TEST_CASE("CheckCaller: the connection must serve the requested model", "[edge]") {
  struct Case {
    std::vector<std::string> models;
    const char* method;
    const char* path;
    const char* body;
    bool served;
  };
  const Case cases[] = {{{}, "POST", "/v1/chat/completions", kStreamBody, true},
                        {{"gpt-4*"}, "POST", "/v1/chat/completions", kStreamBody, true},
                        {{"gpt-3*", "o1"}, "POST", "/v1/chat/completions", kStreamBody, false},
                        {{"gpt-3*"}, "GET", "/v1/models", "", true},
                        {{"gpt-3*"}, "GET", "/v1/models/o1", "", false}};
  for (const Case& each : cases) {
    Fixture f;
    f.connection().models = each.models;
    OneCall& call = f.NewCall(each.body);
    call.caller.request().method = each.method;
    const std::optional<Refusal> refusal = CheckCaller(f.Verify(call), *f.ReadNow(call, each.path));
    CAPTURE(each.path, each.models);
    CHECK(refusal.has_value() != each.served);
    if (!refusal) continue;
    CHECK(refusal->error.code == "model_not_found");
    CHECK(refusal->error.param == "model");
  }
}

}  // namespace
}  // namespace countersign::edge::call::request
