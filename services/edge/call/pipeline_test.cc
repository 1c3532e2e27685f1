// Every step of a call on an event loop that the test runs: the order of the steps, the result of
// each failure, and the end of a call that is cancelled at any step.

#include "services/edge/call/pipeline.h"

#include <catch2/catch.hpp>
#include <functional>

#include "libs/base/status.h"
#include "services/edge/testing/call_fixture.h"

namespace countersign::edge::call {
namespace {

using domain::Outcome;
using testing::CallFixture;
using testing::kPlainAnswer;
using testing::kPlainBody;
using testing::kStreamBody;
using testing::OneCall;

constexpr char kEvent[] =
    "data: {\"id\":\"c-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"},"
    "\"finish_reason\":null}]}\n\n";
constexpr char kFinished[] =
    "data: "
    "{\"id\":\"c-1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
constexpr char kDone[] = "data: [DONE]\n\n";

// A call that uses every port: with a credential, masking and a stream.
struct Busy : CallFixture {
  Busy() {
    connection().credential = "openai-key";
    decider.AllowAll("strict");
    resources->masking_profiles["strict"].prompt.resize(1);
    upstream.Answer(200, "text/event-stream", {kEvent, kFinished, kDone});
  }
};

TEST_CASE("RunCall: an allowed call is sent and its answer delivered", "[edge]") {
  CallFixture f;
  f.upstream.Answer(200, "application/json", {kPlainAnswer});
  const OneCall& call = f.StartCall();
  REQUIRE(call.ended());
  CHECK(call.caller.status() == 200);
  CHECK(call.caller.finished());
  CHECK(call.caller.body() == kPlainAnswer);
  CHECK(call.caller.header("x-request-id") == "req_1");
  CHECK(call.caller.header("x-upstream-request-id") == "req_0123abcd");
  CHECK(call.caller.header("x-countersign-session") == f.session().start.session_id);
  REQUIRE(f.upstream.sent().size() == 1);
  CHECK(f.upstream.sent()[0].head.method == "POST");
  CHECK(f.upstream.sent()[0].head.target == "/v1/chat/completions");
  CHECK(f.upstream.sent()[0].body == kPlainBody);
  CHECK(f.upstream.recycled() == 1);
  CHECK(f.events() ==
        std::vector<std::string>{"decision", "forward", "response.head", "response.data"});
  CHECK(f.session().start.client_address == "192.0.2.7:4711");
  CHECK(f.end().outcome == Outcome::kCompleted);
  CHECK(f.end().input_tokens == 3);
  CHECK(f.Counted(R"(countersign_requests_total{connection="openai",dialect="openai",)"
                  R"(outcome="completed"} 1)"));
  CHECK(f.executor.timers() == 0);
}

TEST_CASE("RunCall: policy is asked without waiting for the session", "[edge]") {
  CallFixture f;
  f.decider.decide.Hold();
  const OneCall& call = f.StartCall();
  CHECK(f.decider.decide.calls() == 1);
  CHECK(f.recorder.open.calls() == 0);  // the first commit carries the decision
  f.decider.decide.Release();
  f.Run();
  CHECK(call.ended());
  CHECK(f.recorder.open.calls() == 1);
  CHECK(f.recorder.append.calls() == 1);
  CHECK(f.recorder.end.calls() == 1);
}

// Scripts that each hold back one answer, in the order in which such a call needs them. The last
// two are needed when the upstream has been asked already.
struct Gate {
  const char* name;
  std::function<void(Busy&, OneCall&)> hold;
  std::function<void(Busy&, OneCall&)> release;
  bool before_send;
};

template <typename Get>
Gate MakeGate(const char* name, bool before_send, Get get) {
  return Gate{name, [get](Busy& f, OneCall& call) { get(f, call).Hold(); },
              [get](Busy& f, OneCall& call) { get(f, call).Release(); }, before_send};
}

const std::vector<Gate>& Gates() {
  static const auto& gates = *new std::vector<Gate>{
      MakeGate(
          "authenticate", true,
          [](Busy & f, OneCall&) -> auto& { return f.authenticator.authenticate; }),
      MakeGate(
          "read", true, [](Busy&, OneCall & call) -> auto& { return call.caller.read; }),
      MakeGate(
          "decide", true, [](Busy & f, OneCall&) -> auto& { return f.decider.decide; }),
      MakeGate(
          "open masking", true, [](Busy & f, OneCall&) -> auto& { return f.masker.open; }),
      MakeGate(
          "mask", true, [](Busy & f, OneCall&) -> auto& { return f.masker.feed; }),
      MakeGate(
          "open session", true, [](Busy & f, OneCall&) -> auto& { return f.recorder.open; }),
      MakeGate(
          "append", true, [](Busy & f, OneCall&) -> auto& { return f.recorder.append; }),
      MakeGate(
          "lease", true, [](Busy & f, OneCall&) -> auto& { return f.authenticator.lease; }),
      MakeGate(
          "send", false, [](Busy & f, OneCall&) -> auto& { return f.upstream.send; }),
      MakeGate(
          "begin", false, [](Busy&, OneCall & call) -> auto& { return call.caller.begin; }),
      MakeGate(
          "read answer", false, [](Busy & f, OneCall&) -> auto& { return f.upstream.read; }),
      MakeGate(
          "write", false, [](Busy&, OneCall & call) -> auto& { return call.caller.write; }),
      MakeGate(
          "end", false, [](Busy & f, OneCall&) -> auto& { return f.recorder.end; }),
  };
  return gates;
}

TEST_CASE("RunCall: nothing is sent while anything that must come first is held", "[edge]") {
  for (const Gate& gate : Gates()) {
    Busy f;
    OneCall& call = f.NewCall(kStreamBody);
    gate.hold(f, call);
    call.Start();
    CAPTURE(gate.name);
    CHECK_FALSE(call.ended());
    CHECK(f.upstream.sent().empty() == gate.before_send);
    CHECK_FALSE(absl::StrContains(call.caller.body(), "[DONE]"));
    gate.release(f, call);
    f.Run();
    CHECK(call.ended());
    CHECK(call.caller.finished());
    CHECK(absl::EndsWith(call.caller.body(), kDone));
    CHECK(f.end().outcome == Outcome::kCompleted);
  }
}

TEST_CASE("RunCall: a caller who leaves at any wait is sent nothing, and its session is cancelled",
          "[edge]") {
  for (const Gate& gate : Gates()) {
    Busy f;
    OneCall& call = f.NewCall(kStreamBody);
    gate.hold(f, call);
    call.Start();
    call.caller.Leave();
    f.Run();
    gate.release(f, call);  // the late answer is dropped, or needed to end the session
    f.Run();
    CAPTURE(gate.name);
    REQUIRE(call.ended());
    CHECK(f.upstream.sent().empty() == gate.before_send);
    CHECK_FALSE(call.caller.finished());
    CHECK(f.executor.timers() == 0);
    const auto sessions = f.recorder.sessions();
    REQUIRE(sessions.size() <= 1);
    if (sessions.empty()) continue;
    REQUIRE(sessions[0].end.has_value());
    const std::string name = gate.name;
    const bool was_complete =
        name == "end";  // the end was already being recorded when the caller left
    CHECK(sessions[0].end->outcome == (was_complete ? Outcome::kCompleted : Outcome::kCancelled));
    CHECK(f.upstream.dropped() + f.upstream.recycled() <= 1);
  }
}

TEST_CASE("RunCall: a drain at any wait ends the call as aborted, with an error", "[edge]") {
  for (const Gate& gate : Gates()) {
    const std::string name = gate.name;
    if (name == "read" || name == "begin" || name == "write" || name == "end") continue;
    Busy f;
    OneCall& call = f.NewCall(kStreamBody);
    gate.hold(f, call);
    call.Start();
    call.caller.cancellation().Cancel(absl::AbortedError("the process drains"));
    f.Run();
    gate.release(f, call);
    f.Run();
    CAPTURE(name);
    REQUIRE(call.ended());
    CHECK(f.upstream.sent().empty() == gate.before_send);
    if (name == "authenticate") continue;  // not authenticated: the connection is closed
    CHECK(call.caller.finished());
    CHECK(call.code() == "unavailable");
    CHECK_FALSE(absl::StrContains(call.caller.body(), "[DONE]"));
    CHECK(f.end().outcome == Outcome::kAborted);
  }
}

TEST_CASE("RunCall: a session that an auditor kills at any wait ends as killed", "[edge]") {
  for (const Gate& gate : Gates()) {
    const std::string name = gate.name;
    if (name != "send" && name != "read answer" && name != "lease") continue;
    Busy f;
    OneCall& call = f.NewCall(kStreamBody);
    gate.hold(f, call);
    call.Start();
    f.recorder.Kill(f.session().start.session_id);
    f.Run();
    CAPTURE(name);
    REQUIRE(call.ended());
    CHECK(call.code() == "killed");
    CHECK(f.end().outcome == Outcome::kKilled);
    CHECK_FALSE(absl::StrContains(call.caller.body(), "[DONE]"));
  }
}

// One port that fails, and the result of the call.
struct Failure {
  const char* name;
  std::function<void(Busy&, OneCall&)> fail;
  int status;
  const char* code;
  std::optional<Outcome> outcome;  // of the session; none: there is no session
};

TEST_CASE("RunCall: a refusal by no policy differs from one by a policy", "[edge]") {
  const auto refuse = [](const std::string& policy, const std::string& message) {
    Busy f;
    OneCall& call = f.NewCall(kStreamBody);
    domain::Decision denied;
    denied.policy = policy;
    denied.message = message;
    f.decider.decide.Always([denied] { return denied; });
    call.Start();
    return call.caller.body();
  };
  CHECK_THAT(refuse("", ""), Catch::Contains("no policy allows this call"));
  CHECK_THAT(refuse("night", ""), Catch::Contains("a policy does not allow this call"));
  CHECK_THAT(refuse("night", "not at night"), Catch::Contains("not at night"));
}

TEST_CASE("RunCall: a part that fails refuses the call, and nothing is sent", "[edge]") {
  const absl::Status down = absl::UnavailableError("10.0.0.7 refused");
  const absl::Status slow = absl::DeadlineExceededError("slow");
  const std::vector<Failure> failures = {
      {"authentication is down",
       [&](Busy& f, OneCall&) {
         f.authenticator.Forget("key-1");
         f.authenticator.authenticate.AlwaysFail(down);
       },
       503, "unavailable", std::nullopt},
      {"the credential does not stand", [&](Busy& f, OneCall&) { f.authenticator.Forget("key-1"); },
       401, "unauthenticated", std::nullopt},
      {"policy is down", [&](Busy& f, OneCall&) { f.decider.decide.AlwaysFail(down); }, 503,
       "unavailable", Outcome::kAborted},
      {"policy is slow", [&](Busy& f, OneCall&) { f.decider.decide.AlwaysFail(slow); }, 503,
       "unavailable", Outcome::kAborted},
      {"policy denies",
       [&](Busy& f, OneCall&) { f.decider.decide.Always([] { return domain::Decision(); }); }, 403,
       "policy_denied", Outcome::kBlocked},
      {"masking is down", [&](Busy& f, OneCall&) { f.masker.open.AlwaysFail(down); }, 503,
       "unavailable", Outcome::kAborted},
      {"masking does not know the profile",
       [&](Busy& f, OneCall&) { f.masker.open.AlwaysFail(absl::NotFoundError("no profile")); }, 503,
       "unavailable", Outcome::kAborted},
      {"masking fails for the prompt", [&](Busy& f, OneCall&) { f.masker.feed.AlwaysFail(down); },
       503, "unavailable", Outcome::kAborted},
      {"the recorder does not open a session",
       [&](Busy& f, OneCall&) { f.recorder.open.AlwaysFail(down); }, 503, "unavailable",
       std::nullopt},
      {"the intent to send cannot be recorded",
       [&](Busy& f, OneCall&) { f.recorder.append.AlwaysFail(down); }, 503, "unavailable",
       std::nullopt},
      {"there is no credential for the upstream",
       [&](Busy& f, OneCall&) { f.authenticator.lease.AlwaysFail(down); }, 503, "unavailable",
       Outcome::kAborted},
      {"the vault calls the caller unauthenticated",
       [&](Busy& f, OneCall&) {
         f.authenticator.lease.AlwaysFail(absl::UnauthenticatedError("expired"));
       },
       503, "unavailable", Outcome::kAborted},
      {"there are no resources yet", [&](Busy& f, OneCall&) { f.served.Serve(nullptr); }, 503,
       "unavailable", std::nullopt},
      {"the connection's URL cannot be used",
       [&](Busy& f, OneCall&) { f.connection().url = "ftp://x"; }, 502, "upstream_error",
       Outcome::kUpstreamError},
      {"the body is too large",
       [&](Busy&, OneCall& call) {
         call.caller.read.AlwaysFail(absl::ResourceExhaustedError("too large"));
       },
       413, "payload_too_large", std::nullopt},
      {"the body comes too slowly",
       [&](Busy&, OneCall& call) { call.caller.read.AlwaysFail(slow); }, 400, "invalid_request",
       std::nullopt},
      {"the body is no JSON", [&](Busy&, OneCall& call) { call.caller.set_body("{"); }, 400,
       "invalid_request", std::nullopt},
      {"the path is unknown", [&](Busy&, OneCall& call) { call.caller.request().path = "/"; }, 404,
       "not_found", std::nullopt},
      {"the connection is unknown",
       [&](Busy&, OneCall& call) { call.caller.request().path = "/nowhere/v1/models"; }, 404,
       "unknown_connection", std::nullopt},
      {"the operation is unknown",
       [&](Busy&, OneCall& call) { call.caller.request().path = "/v1/images/generations"; }, 404,
       "not_found", std::nullopt},
      {"nothing speaks the protocol",
       [&](Busy& f, OneCall&) { f.connection().protocol = domain::Protocol::kUnspecified; }, 404,
       "not_found", std::nullopt},
      {"the connection does not serve the model",
       [&](Busy& f, OneCall&) { f.connection().models = {"gpt-3*"}; }, 404, "model_not_found",
       Outcome::kBlocked},
      {"the caller has no role on the connection",
       [&](Busy& f, OneCall&) {
         domain::Principal stranger = CallFixture::Principal("mallory");
         stranger.roles = {{domain::Role::kCaller, {"other"}}};
         f.authenticator.Know("key-1", stranger);
       },
       403, "permission_denied", Outcome::kBlocked},
  };
  for (const Failure& failure : failures) {
    Busy f;
    OneCall& call = f.NewCall(kStreamBody);
    failure.fail(f, call);
    call.Start();
    CAPTURE(failure.name, call.caller.body());
    REQUIRE(call.ended());
    CHECK(call.caller.status() == failure.status);
    CHECK(call.caller.finished());
    CHECK(call.code() == failure.code);
    CHECK(call.caller.header_count("x-request-id") == 1);
    CHECK_FALSE(absl::StrContains(call.caller.body(), "10.0.0.7"));
    CHECK(f.upstream.sent().empty());
    CHECK(f.executor.timers() == 0);
    CHECK(f.recorder.sessions().size() == (failure.outcome ? 1 : 0));
    if (!failure.outcome) continue;
    CHECK(f.end().outcome == *failure.outcome);
    CHECK(f.end().code == failure.code);
  }
}

TEST_CASE("RunCall: a refusal that cannot be recorded is not sent", "[edge]") {
  CallFixture f;
  f.decider.decide.Always([] { return domain::Decision(); });
  f.recorder.end.AlwaysFail(absl::UnavailableError("down"));
  const OneCall& call = f.StartCall();
  REQUIRE(call.ended());
  CHECK(call.caller.status() == 503);
  CHECK(call.code() == "unavailable");
  CHECK(f.Counted(R"(countersign_requests_total{connection="openai",dialect="openai",)"
                  R"(outcome="aborted"} 1)"));
}

TEST_CASE("RunCall: the error of a failed upstream says what failed", "[edge]") {
  const std::tuple<absl::Status, int, const char*> cases[] = {
      {absl::UnavailableError("reset"), 502, "upstream_error"},
      {absl::DeadlineExceededError("silent"), 504, "upstream_timeout"},
      {absl::PermissionDeniedError("link-local"), 502, "upstream_error"},
      {absl::InternalError("the bytes to send are not the bytes that were admitted"), 502,
       "upstream_error"}};
  for (const auto& [failure, status, code] : cases) {
    CallFixture f;
    f.upstream.send.AlwaysFail(failure);
    const OneCall& call = f.StartCall();
    CAPTURE(failure.ToString());
    REQUIRE(call.ended());
    CHECK(call.caller.status() == status);
    CHECK(call.code() == code);
    CHECK(f.end().outcome == Outcome::kUpstreamError);
  }
}

TEST_CASE("RunCall: several calls on one loop do not mix", "[edge]") {
  CallFixture f;
  f.decider.decide.Hold();
  OneCall& first = f.StartCall();
  OneCall& second = f.StartCall();
  first.caller.Leave();
  f.Run();
  CHECK(first.ended());
  CHECK_FALSE(second.ended());
  f.upstream.Answer(200, "application/json", {kPlainAnswer});
  f.decider.decide.Release();
  f.Run();
  CHECK(second.ended());
  CHECK(second.caller.status() == 200);
  CHECK(f.upstream.sent().size() == 1);
}

TEST_CASE("RunCall: once the upstream may have the prompt, SDKs are told not to retry", "[edge]") {
  struct Case {
    const char* name;
    absl::Status failure;
    const char* code;
    bool final;
  };
  const Case cases[] = {
      {"nothing was sent", WithReason(absl::UnavailableError("x"), "upstream_unreachable"),
       "upstream_unreachable", false},
      {"it broke off", absl::UnavailableError("x"), "upstream_error", true},
      {"no answer in time", absl::DeadlineExceededError("x"), "upstream_timeout", true},
      {"not HTTP", WithReason(absl::UnavailableError("x"), "upstream_protocol"),
       "upstream_protocol", true}};
  for (const Case& each : cases) {
    CallFixture f;
    f.upstream.send.FailNext(each.failure);
    OneCall& call = f.StartCall();
    CAPTURE(each.name);
    REQUIRE(call.ended());
    CHECK(call.code() == each.code);
    CHECK(call.caller.header("x-should-retry") == (each.final ? "false" : ""));
    CHECK(call.caller.header("retry-after").empty());
    CHECK(f.end().code == each.code);
  }
}

TEST_CASE("RunCall: a drain or a failed service after the prompt was sent is final", "[edge]") {
  CallFixture f;
  SECTION("a drain") {
    f.upstream.send.Hold();
    OneCall& call = f.StartCall();
    call.caller.cancellation().Cancel(absl::AbortedError("shutting down"));
    f.Run();
    REQUIRE(call.ended());
    CHECK(call.code() == "unavailable");
    CHECK(call.caller.header("x-should-retry") == "false");
    CHECK(call.caller.header("retry-after").empty());
  }
  SECTION("a recorder that fails") {
    f.recorder.end.AlwaysFail(absl::UnavailableError("down"));
    OneCall& call = f.StartCall();
    REQUIRE(call.ended());
    CHECK(call.code() == "unavailable");
    CHECK(call.caller.header("x-should-retry") == "false");
    CHECK(call.caller.header("retry-after").empty());
  }
}

}  // namespace
}  // namespace countersign::edge::call
