// Plain calls through the whole edge: what is sent, in which order, and the result of each failure.

#include <algorithm>
#include <catch2/catch.hpp>

#include "services/edge/testing/edge_testing.h"

namespace countersign::edge {
namespace {

using domain::Outcome;
using testing::Answer;
using testing::Fixture;
using testing::RawClient;
using testing::ScriptedUpstream;

TEST_CASE("Edge: an allowed call reaches the model byte for byte, without the caller's credential",
          "[edge]") {
  Fixture f;
  const Answer answer = f.Chat("x-stainless-lang: js\r\ncookie: a=b\r\naccept: */*\r\n");
  CHECK(answer.status == 200);
  CHECK(absl::StrContains(answer.body, "hello"));
  CHECK(answer.headers.count("x-request-id") == 1);
  CHECK(absl::StartsWith(answer.Header("x-request-id"), "req_"));
  CHECK(answer.Header("x-upstream-request-id") == "upstream-1");
  REQUIRE(f.upstream.received().size() == 1);
  const auto sent = f.upstream.received().front();
  CHECK(sent.body == Fixture::kPlain);
  CHECK(sent.head.target == "/v1/chat/completions");
  for (const char* name : {"authorization", "x-stainless-lang", "cookie"}) {
    CHECK(sent.head.headers.Count(name) == 0);
  }
  CHECK(sent.head.headers.Get("accept-encoding") == "identity");

  const auto session = f.recorder.sessions().front();
  CHECK(answer.Header("x-countersign-session") == session.start.session_id);
  CHECK(session.start.request_id == answer.Header("x-request-id"));
  CHECK(session.start.body == Fixture::kPlain);
  CHECK(f.Events() ==
        std::vector<std::string>{"decision", "forward", "response.head", "response.data"});
  CHECK(f.Recorded() == answer.body);
  CHECK(f.End().outcome == Outcome::kCompleted);
  CHECK(f.End().input_tokens == 3);
  CHECK(f.End().output_tokens == 2);
  CHECK(f.Counted(R"(countersign_requests_total{connection="openai",dialect="openai",)"
                  R"(outcome="completed"} 1)"));
}

TEST_CASE("Edge: the leased credential is sent upstream instead of the caller's", "[edge]") {
  Fixture f;
  f.resources->connections["openai"].credential = "openai-key";
  f.authenticator.lease.Always([] {
    domain::CredentialLease lease;
    lease.headers.push_back({"authorization", SecretString("Bearer upstream-key")});
    return lease;
  });
  CHECK(f.Chat().status == 200);
  CHECK(f.upstream.received().front().head.headers.Get("authorization") == "Bearer upstream-key");
}

TEST_CASE("Edge: nothing is sent before intent, decision, credential and masking are ready",
          "[edge]") {
  const auto nothing_sent_while_held = [](auto hold) {
    Fixture f;
    f.resources->connections["openai"].credential = "openai-key";
    f.decider.AllowAll("tier1");
    auto& answers = hold(f);
    answers.Hold();
    RawClient client = f.Connect();
    client.Send(Fixture::Post(Fixture::kPlain));
    answers.WaitForHeld(1);
    CHECK(f.upstream.received().empty());
    answers.Release();
    CHECK(testing::ReadAnswer(client).status == 200);
    CHECK(f.upstream.received().size() == 1);
  };
  nothing_sent_while_held([](Fixture & f) -> auto& { return f.authenticator.authenticate; });
  nothing_sent_while_held([](Fixture & f) -> auto& { return f.recorder.open; });
  nothing_sent_while_held([](Fixture & f) -> auto& { return f.decider.decide; });
  nothing_sent_while_held([](Fixture & f) -> auto& { return f.recorder.append; });
  nothing_sent_while_held([](Fixture & f) -> auto& { return f.authenticator.lease; });
  nothing_sent_while_held([](Fixture & f) -> auto& { return f.masker.open; });
}

TEST_CASE("Edge: the answer is sent only after the session's end is durable", "[edge]") {
  Fixture f;
  f.recorder.end.Hold();
  RawClient client = f.Connect();
  client.Send(Fixture::Post(Fixture::kPlain));
  f.recorder.end.WaitForHeld(1);
  f.recorder.end.FailNext(absl::OkStatus());
  f.recorder.end.Release();
  CHECK(testing::ReadAnswer(client).status == 200);

  Fixture failing;
  failing.recorder.end.AlwaysFail(absl::UnavailableError("down"));
  const Answer answer = failing.Chat();
  CHECK(answer.status == 503);
  CHECK(!absl::StrContains(answer.body, "hello"));
}

TEST_CASE("Edge: without a valid credential there is no session", "[edge]") {
  Fixture f;
  for (const char* header : {"", "authorization: Basic x\r\n", "authorization: Bearer wrong\r\n",
                             "x-api-key: wrong\r\n"}) {
    const Answer answer =
        f.Call(absl::StrCat("GET /v1/models HTTP/1.1\r\nhost: a\r\n", header, "\r\n"));
    CHECK(answer.status == 401);
    CHECK(Fixture::Code(answer) == "unauthenticated");
    CHECK(answer.headers.count("x-request-id") == 1);
    CHECK(answer.Header("x-countersign-session").empty());
  }
  CHECK(f.recorder.sessions().empty());
  CHECK(f.upstream.received().empty());
}

TEST_CASE("Edge: a service that is down gives 503 and nothing is sent", "[edge]") {
  const absl::Status down = absl::UnavailableError("down");
  const auto closed = [&](auto fail) {
    Fixture f;
    f.resources->connections["openai"].credential = "openai-key";
    f.decider.AllowAll("tier1");
    fail(f);
    const Answer answer = f.Chat();
    CHECK(answer.status == 503);
    CHECK(Fixture::Code(answer) == "unavailable");
    CHECK(answer.Header("retry-after") == "1");
    CHECK(f.upstream.received().empty());
    for (const auto& session : f.recorder.sessions()) {
      REQUIRE(session.end);
      CHECK(session.end->outcome == Outcome::kAborted);
      CHECK(session.end->code == "unavailable");
    }
  };
  closed([&](Fixture& f) { f.authenticator.authenticate.FailNext(down); });
  closed([&](Fixture& f) { f.recorder.open.AlwaysFail(down); });
  closed([&](Fixture& f) { f.decider.decide.AlwaysFail(down); });
  closed([&](Fixture& f) { f.decider.decide.AlwaysFail(absl::DeadlineExceededError("slow")); });
  closed([&](Fixture& f) { f.recorder.append.FailNext(down); });
  closed([&](Fixture& f) { f.authenticator.lease.AlwaysFail(down); });
  closed([&](Fixture& f) { f.authenticator.lease.AlwaysFail(absl::UnauthenticatedError("x")); });
  closed([&](Fixture& f) { f.masker.open.AlwaysFail(down); });
  closed([&](Fixture& f) { f.masker.open.AlwaysFail(absl::NotFoundError("no such profile")); });
}

TEST_CASE("Edge: a denied call is blocked, recorded and never sent", "[edge]") {
  Fixture f;
  f.decider.decide.Always([] {
    domain::Decision decision;
    decision.message = "not on this line";
    return decision;
  });
  const Answer answer = f.Chat();
  CHECK(answer.status == 403);
  CHECK(Fixture::Code(answer) == "policy_denied");
  CHECK(absl::StrContains(answer.body, "not on this line"));
  CHECK(answer.Header("x-should-retry") == "false");
  CHECK(f.upstream.received().empty());
  CHECK(f.End().outcome == Outcome::kBlocked);
  CHECK(f.End().code == "policy_denied");
  CHECK(f.Events() == std::vector<std::string>{"decision"});
  f.recorder.end.AlwaysFail(absl::UnavailableError("down"));
  CHECK(f.Chat().status == 503);  // a refusal that cannot be recorded is not sent
}

TEST_CASE("Edge: callers need the role, and models must be served", "[edge]") {
  Fixture f;
  f.resources->connections["openai"].models = {"gpt-3*"};
  Answer answer = f.Chat();
  CHECK(answer.status == 404);
  CHECK(Fixture::Code(answer) == "model_not_found");
  CHECK(f.End().outcome == Outcome::kBlocked);
  domain::Principal principal = Fixture::Principal("bob");
  principal.roles = {{domain::Role::kCaller, {"other"}}, {domain::Role::kAdmin, {}}};
  f.authenticator.Know("key-2", principal);
  answer = f.Call("GET /v1/models HTTP/1.1\r\nhost: a\r\nx-api-key: key-2\r\n\r\n");
  CHECK(answer.status == 403);
  CHECK(Fixture::Code(answer) == "permission_denied");
  CHECK(f.End().code == "permission_denied");
  CHECK(f.upstream.received().empty());
}

TEST_CASE("Edge: bad requests get the dialect's error and are not forwarded", "[edge]") {
  EdgeConfig config;
  config.http.max_body_bytes = 1000;
  Fixture f(config);
  const auto check = [&](const std::string& request, int status, const char* code) {
    const Answer answer = f.Call(request);
    CAPTURE(request);
    CHECK(answer.status == status);
    CHECK(Fixture::Code(answer) == code);
    CHECK(answer.headers.count("x-request-id") == 1);
  };
  check(Fixture::Post("{"), 400, "invalid_request");
  check(Fixture::Post(R"({"model":"m","model":"n","messages":[]})"), 400, "invalid_request");
  check(Fixture::Post("{\"model\":\"m\",\"messages\":[],\"x\":\"\xff\"}"), 400, "invalid_request");
  check(Fixture::Post(std::string(1001, ' ')), 413, "payload_too_large");
  check(Fixture::Head("GET /v1/embeddings", "", 0), 404, "not_found");
  check(Fixture::Head("GET /nowhere/v1/models", "", 0), 404, "unknown_connection");
  check(Fixture::Head("GET /", "", 0), 404, "not_found");
  check("GET / HTTP/1.1\r\n\r\n", 400, "invalid_request");
  check(absl::StrCat("GET / HTTP/1.1\r\nhost: a\r\nx: ", std::string(70'000, 'y'), "\r\n\r\n"), 431,
        "headers_too_large");
  CHECK(f.recorder.sessions().empty());
  CHECK(f.upstream.received().empty());
}

TEST_CASE("Edge: an unreachable upstream is 502, one that does not answer 504", "[edge]") {
  EdgeConfig config;
  config.http.first_byte_timeout = absl::Milliseconds(30);
  Fixture silent(config);
  silent.upstream.Behave(ScriptedUpstream::Hang(""));
  Answer answer = silent.Chat();
  CHECK(answer.status == 504);
  CHECK(Fixture::Code(answer) == "upstream_timeout");
  CHECK(silent.End().outcome == Outcome::kUpstreamError);
  Fixture f;  // a busy machine may exceed the short timeout above
  f.upstream.Behave(ScriptedUpstream::Json(200, "no json"));
  answer = f.Chat();
  CHECK(answer.status == 502);
  CHECK(Fixture::Code(answer) == "upstream_protocol");
  CHECK(answer.Header("x-should-retry") == "false");
  struct Gone {
    const char* url;
    const char* code;
    const char* should_retry;
  };
  for (const Gone& each : {Gone{"http://127.0.0.1:1/v1", "upstream_unreachable", ""},
                           Gone{"http://169.254.1.1/v1", "upstream_error", "false"}}) {
    Fixture gone;
    gone.resources->connections["openai"].url = each.url;
    answer = gone.Chat();
    CAPTURE(each.url);
    CHECK(answer.status == 502);
    CHECK(gone.End().code == each.code);
    CHECK(answer.Header("x-should-retry") == each.should_retry);
  }
}

TEST_CASE("Edge: an upstream's error is forwarded with its status, masked and recorded", "[edge]") {
  Fixture f;
  f.decider.AllowAll("tier1");
  http::Headers headers;
  headers.Add("retry-after", "7");
  headers.Add("set-cookie", "x");
  f.upstream.Behave(
      ScriptedUpstream::Json(429, R"({"error":{"message":"SECRET quota","code":"q"}})", headers));
  const Answer answer = f.Chat();
  CHECK(answer.status == 429);
  CHECK(answer.Header("retry-after") == "7");
  CHECK(answer.headers.count("set-cookie") == 0);
  CHECK(answer.body == R"({"error":{"message":"<S> quota","code":"q"}})");
  CHECK(f.Recorded() == answer.body);
  CHECK(f.End().outcome == Outcome::kUpstreamError);
}

TEST_CASE("Edge: a plain answer is masked, counted, and its originals recorded", "[edge]") {
  Fixture f;
  f.decider.AllowAll("tier1");
  f.upstream.Behave(ScriptedUpstream::Json(
      200, R"({"choices":[{"index":0,"message":{"content":"a SECRET and a SECRET"}}]})"));
  CHECK(f.Chat().body == R"({"choices":[{"index":0,"message":{"content":"a <S> and a <S>"}}]})");
  CHECK(f.End().masked == std::map<std::string, std::uint32_t>{{"secret", 2}});
  CHECK(absl::StrContains(f.recorder.sessions().back().events.back().payload,
                          R"("original":"SECRET")"));
}

TEST_CASE("Edge: a plain answer of an unknown form is refused if the profile says so", "[edge]") {
  Fixture f;
  f.decider.AllowAll("tier1");
  f.masker.set_unknown_events(domain::UnknownEvents::kRefuse);
  f.upstream.Behave(ScriptedUpstream::Json(200, R"({"output":"text"})"));
  const Answer answer = f.Chat();
  CHECK(answer.status == 502);
  CHECK(answer.Header("x-should-retry") == "false");
  CHECK(!absl::StrContains(answer.body, "output"));
  CHECK(absl::StrContains(answer.body, "unknownEvents: refuse"));
}

TEST_CASE("Edge: a profile with prompt rules masks the sent prompt, and the hash covers it",
          "[edge]") {
  Fixture f;
  f.decider.decide.Always([] {
    domain::Decision decision;
    decision.verdict = domain::Verdict::kAllow;
    decision.masking_profile = "strict";
    return decision;
  });
  domain::MaskingProfile& profile = f.resources->masking_profiles["strict"];
  profile.prompt.resize(1);
  const std::string body =
      R"({"model":"m","messages":[{"role":"user","content":"my SECRET \u0041"}]})";
  CHECK(f.Call(Fixture::Post(body)).status == 200);
  CHECK(f.upstream.received().back().body ==
        R"({"model":"m","messages":[{"role":"user","content":"my <S> A"}]})");
  CHECK(f.End().masked == std::map<std::string, std::uint32_t>{{"secret", 1}});
  const auto events = f.recorder.sessions().back().events;
  const auto forward = std::find_if(events.begin(), events.end(), [](const auto& event) {
    return event.type == domain::event_type::kForward;
  });
  REQUIRE(forward != events.end());
  CHECK(absl::StrContains(forward->payload, R"("masked":[{"field":"/messages/0/content",)"
                                            R"("begin":3,"end":6,"entity":"secret",)"
                                            R"("original":"SECRET"}]})"));
  // Over the parts of a message.
  CHECK(f.Call(Fixture::Post(R"({"model":"m","messages":[{"role":"user","content":["a SEC",)"
                             R"({"type":"text","text":"RET b"}]}]})"))
            .status == 200);
  CHECK(f.upstream.received().back().body ==
        R"({"model":"m","messages":[{"role":"user","content":["a <S>",)"
        R"({"type":"text","text":" b"}]}]})");
  const Answer named =
      f.Call(Fixture::Post(R"({"model":"m","messages":[],"metadata":{"SECRET":"x"}})"));
  CHECK(named.status == 403);
  CHECK(f.upstream.received().size() == 2);
}

TEST_CASE("Edge: the answer's masking gets the placeholders of its prompt", "[edge]") {
  Fixture f;
  f.reversible = true;
  f.decider.decide.Always([] {
    domain::Decision decision;
    decision.verdict = domain::Verdict::kAllow;
    decision.masking_profile = "strict";
    return decision;
  });
  f.resources->masking_profiles["strict"].prompt.resize(1);
  const std::string body = R"({"model":"m","messages":[{"role":"user","content":"my SECRET"}]})";
  CHECK(f.Call(Fixture::Post(body)).status == 200);
  CHECK(absl::StrContains(f.upstream.received().back().body, R"("my <S>")"));
  const std::vector<domain::Placeholder> known = f.masker.last_known();
  REQUIRE(known.size() == 1);
  CHECK(known[0].token == "<S>");
  CHECK(known[0].original == "SECRET");
}

TEST_CASE("Edge: verified credentials are cached until a revocation", "[edge]") {
  Fixture f;
  for (int i = 0; i < 3; ++i) CHECK(f.Chat().status == 200);
  CHECK(f.authenticator.authenticate.calls() == 1);
  f.authenticator.Forget("key-1");
  f.edge.credentials().Flush();
  CHECK(f.Chat().status == 401);
}

TEST_CASE("Edge: a caller that leaves before the answer cancels the upstream and its session",
          "[edge]") {
  Fixture f;
  testing::Signal left;
  f.upstream.Behave(ScriptedUpstream::Hang("", &left));
  {
    RawClient client = f.Connect();
    client.Send(Fixture::Post(Fixture::kPlain));
    while (f.upstream.received().empty()) std::this_thread::yield();
  }
  CHECK(left.Wait());
  CHECK(f.End().outcome == Outcome::kCancelled);
}

TEST_CASE("Edge: a caller that leaves while its session opens is recorded as cancelled", "[edge]") {
  Fixture f;
  f.recorder.open.Hold();
  {
    RawClient client = f.Connect();
    client.Send(Fixture::Post(Fixture::kPlain));
    f.recorder.open.WaitForHeld(1);
  }
  f.recorder.open.Release();
  const auto outcome = f.End().outcome;
  CHECK((outcome == Outcome::kCancelled || outcome == Outcome::kCompleted));
}

TEST_CASE("Edge: a caller's connection carries many calls, and so does the upstream's", "[edge]") {
  Fixture f;
  RawClient client = f.Connect();
  for (int i = 0; i < 5; ++i) {
    client.Send(Fixture::Post(Fixture::kPlain));
    CHECK(testing::ReadAnswer(client).status == 200);
  }
  CHECK(f.upstream.received().size() == 5);
}

TEST_CASE("Edge: only models that the connection serves are listed", "[edge]") {
  Fixture f;
  f.resources->connections["openai"].models = {"gpt-*"};
  f.upstream.Behave(
      ScriptedUpstream::Json(200, R"({"object":"list","data":[{"id":"gpt-1"},{"id":"o1"}]})"));
  const Answer answer = f.Call(Fixture::Head("GET /openai/v1/models", "", 0));
  CHECK(answer.body == R"({"object":"list","data":[{"id":"gpt-1"}]})");
  CHECK(f.upstream.received().front().head.target == "/v1/models");
  CHECK(Fixture::Code(f.Call(Fixture::Head("GET /v1/models/o1", "", 0))) == "model_not_found");
}

TEST_CASE("Edge: admin calls are forwarded for verified callers only", "[edge]") {
  Fixture f;
  const std::string path = "/countersign.policy.v1.ResourceService/GetResources";
  const Answer answer =
      f.Call(Fixture::Head("POST " + path, "content-type: application/json\r\n", 2) + "{}");
  CHECK(answer.status == 200);
  CHECK(answer.body == "{\"ok\":true}");
  CHECK(answer.headers.count("x-request-id") == 1);
  REQUIRE(f.admin.requests().size() == 1);
  const admin::AdminRequest forwarded = f.admin.requests().front();
  CHECK(forwarded.call.principal->identity == "alice");
  CHECK(forwarded.path == path);
  CHECK(forwarded.content_type == "application/json");
  CHECK(forwarded.body == "{}");
  // Refusals by the edge itself have Connect's form, too.
  const auto refused = [](const Answer& refusal, int status, const char* code) {
    CHECK(refusal.status == status);
    const auto document = json::Document::Parse(refusal.body);
    REQUIRE(document.ok());
    CHECK(document->root()["code"].text() == code);
    CHECK(!document->root()["message"].text().empty());
    CHECK(document->root().size() == 2);
  };
  refused(f.Call(absl::StrCat("POST ", path, " HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n")),
          401, "unauthenticated");
  refused(f.Call(Fixture::Head("GET " + path, "", 0)), 404, "unimplemented");
  f.authenticator.authenticate.FailNext(absl::UnavailableError("down"));
  f.edge.credentials().Flush();
  const Answer closed = f.Call(Fixture::Head("POST " + path, "", 0));
  refused(closed, 503, "unavailable");
  CHECK(closed.Header("retry-after") == "1");
  CHECK(f.admin.requests().size() == 1);
  f.admin.reply.FailNext(absl::UnavailableError("down"));
  refused(f.Call(Fixture::Head("POST " + path, "", 0)), 503, "unavailable");
}

TEST_CASE("Edge: a killed plain call fails with `killed` and is not retried", "[edge]") {
  Fixture f;
  f.upstream.Behave(ScriptedUpstream::Hang(""));
  RawClient client = f.Connect();
  client.Send(Fixture::Post(Fixture::kPlain));
  while (f.upstream.received().empty()) std::this_thread::yield();
  f.recorder.Kill(f.recorder.sessions().front().start.session_id);
  const Answer answer = testing::ReadAnswer(client);
  CHECK(answer.status == 403);
  CHECK(Fixture::Code(answer) == "killed");
  CHECK(answer.Header("x-should-retry") == "false");
  CHECK(f.End().outcome == Outcome::kKilled);
}

TEST_CASE("Edge: alive at once, ready with resources, 503 before", "[edge]") {
  Fixture f;
  REQUIRE(f.edge.Start().ok());
  const auto get = [&](const char* path) {
    return f.Call(absl::StrCat("GET ", path, " HTTP/1.1\r\nhost: a\r\n\r\n")).status;
  };
  CHECK(get("/livez") == 200);
  CHECK(get("/readyz") == 503);
  CHECK(f.Chat().status == 503);
  REQUIRE(f.edge.Serve(f.resources).ok());
  CHECK(get("/readyz") == 200);
  CHECK(f.Chat().status == 200);
}

TEST_CASE("Edge: a draft with an unusable url is refused and named", "[edge]") {
  Fixture f;
  f.resources->connections["openai"].url = "ftp://x";
  const absl::Status status = f.edge.Validate(f.resources);
  CHECK(absl::IsInvalidArgument(status));
  CHECK(absl::StrContains(status.message(), "Connection/openai"));
}

}  // namespace
}  // namespace countersign::edge
