#pragma once

// One call without network, threads or a real clock: fakes of the caller, the upstream and all
// ports, on an event loop that the test runs.

#include <catch2/catch.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/async/testing/manual_executor.h"
#include "libs/base/random.h"
#include "libs/clients/testing/fake_authenticator.h"
#include "libs/clients/testing/fake_masker.h"
#include "libs/clients/testing/fake_policy_decider.h"
#include "libs/clients/testing/fake_recorder.h"
#include "libs/clients/testing/fake_review_gate.h"
#include "libs/dialects/dialects.h"
#include "libs/dialects/testing/literal_masking.h"
#include "libs/domain/event_payload.h"
#include "libs/json/document.h"
#include "libs/testing/fake_clock.h"
#include "services/edge/call/pipeline.h"
#include "services/edge/call/reflection/schema_cache.h"
#include "services/edge/call/request/credential_cache.h"
#include "services/edge/request_dispatcher.h"
#include "services/edge/testing/fake_admin_backend.h"
#include "services/edge/testing/fake_caller_connection.h"
#include "services/edge/testing/fake_upstream.h"

namespace countersign::edge::testing {

inline constexpr char kPlainBody[] =
    R"({ "model":"gpt-4o", "messages":[{"role":"user","content":"caf\u00e9"}] })";
inline constexpr char kStreamBody[] =
    R"({"model":"gpt-4o","messages":[{"role":"user","content":"hi"}],"stream":true})";
inline constexpr char kPlainAnswer[] =
    R"({"id":"c-1","choices":[{"index":0,"message":{"role":"assistant","content":"hello"},)"
    R"("finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2}})";

struct OneCall;

// What all calls share, and the calls. Nothing runs until Run or Advance.
struct CallFixture {
  CallFixture() {
    authenticator.Know("key-1", Principal("alice"));
    decider.AllowAll();
    domain::Connection& connection = resources->connections["openai"];
    connection.name = "openai";
    connection.protocol = domain::Protocol::kOpenAi;
    connection.url = "fake:/v1";
    connection.is_default = true;
    connection.version = 7;
    served.Serve(resources);
  }

  static domain::Principal Principal(const std::string& name) {
    domain::Principal principal;
    principal.issuer = "countersign";
    principal.subject = principal.identity = name;
    principal.roles = {{domain::Role::kCaller, {}}};
    principal.expires_at = absl::InfiniteFuture();
    return principal;
  }

  domain::Connection& connection() { return resources->connections["openai"]; }

  // Policy asks for a review, held for at most `hold`.
  static domain::Decision AskForReview(absl::Duration hold = absl::Minutes(4)) {
    domain::Decision decision;
    decision.verdict = domain::Verdict::kReview;
    decision.policy = "regulated";
    decision.masking_profile = "none";
    decision.review.reviewers = {"security"};
    decision.review.hold = hold;
    return decision;
  }
  void Review(absl::Duration hold = absl::Minutes(4)) {
    decider.decide.Always([hold] { return AskForReview(hold); });
  }

  // A new caller with a call that has not started; owned by the fixture.
  OneCall& NewCall(const std::string& body = kPlainBody);
  // The same, started.
  OneCall& StartCall(const std::string& body = kPlainBody);

  // Run runs what is ready; Advance advances both clocks.
  void Run() { executor.RunReady(); }
  void Advance(absl::Duration duration) {
    clock.Advance(duration);
    executor.Advance(duration);
  }

  // The last session that was opened.
  clients::FakeRecorder::Recorded session() const {
    const auto sessions = recorder.sessions();
    REQUIRE(!sessions.empty());
    return sessions.back();
  }
  domain::SessionEnd end() const {
    const auto last = session();
    REQUIRE(last.end.has_value());
    return *last.end;
  }
  std::vector<std::string> events() const {
    std::vector<std::string> types;
    for (const auto& event : session().events) types.emplace_back(event.type);
    return types;
  }
  // All that the last session's response.data events hold.
  std::string recorded() const {
    std::string text;
    for (const auto& event : session().events) {
      if (event.type != domain::event_type::kResponseData) continue;
      text += domain::ReadResponseDataPayload(event.payload).value();
    }
    return text;
  }
  bool Counted(const std::string& line) const {
    return absl::StrContains(registry.Expose(), line + "\n");
  }

  countersign::testing::FakeClock clock;
  SystemRandom random;
  mutable metrics::Registry registry;
  clients::FakeAuthenticator authenticator;
  clients::FakePolicyDecider decider;
  clients::FakeReviewGate reviews;
  clients::FakeRecorder recorder;
  dialects::testing::LiteralMasking masking;
  std::vector<std::string> unanalyzed;  // of every release
  clients::FakeMasker masker{[this](const domain::FieldPiece& piece) {
    domain::FieldRelease release = masking.Apply({piece}).front();
    release.unanalyzed = unanalyzed;
    return release;
  }};
  FakeAdminBackend admin;
  std::shared_ptr<domain::ResourceSet> resources = std::make_shared<domain::ResourceSet>();
  call::CallOptions options;
  const call::Ports ports{authenticator, decider, reviews, masker, recorder};
  call::CallMetrics metrics{registry};
  call::request::CredentialCache credentials{{}, clock};
  call::ServedResources served;
  ThreadPool body_pool{1, 2};
  async::StopSignal stopping;
  log::Throttle failures{clock, 10, absl::Seconds(1)};
  call::reflection::SchemaCache schemas{clock};
  const call::CallServices services{options, ports,     clock,    random,   metrics, credentials,
                                    served,  body_pool, stopping, failures, &schemas};
  FakeUpstream upstream{executor};
  std::vector<std::shared_ptr<void>> calls;
  async::testing::ManualExecutor executor;  // last: its coroutines use everything above
};

// One call of a fixture: its caller, and the context for its steps.
struct OneCall {
  explicit OneCall(CallFixture& call_fixture, const std::string& body = kPlainBody)
      : fixture(call_fixture), caller(call_fixture.executor) {
    caller.set_body(body);
  }

  // Starts the whole pipeline and runs it until it waits or ends.
  OneCall& Start() { return Start(context); }
  // The same with the test's own context, which must outlive the call.
  OneCall& Start(const call::CallContext& own_context) {
    fixture.executor.Run(RunAndNote(call::RunCall(own_context)));
    return *this;
  }
  // Starts `work`, which may be a single step, on this call's executor.
  template <typename T>
  std::optional<T> Run(async::Awaitable<T> work) {
    return fixture.executor.Run(std::move(work));
  }

  bool ended() const { return ended_; }

  // The code of the error that the caller was told, in a body or as the last event of a stream.
  std::string code() const {
    absl::string_view text = caller.body();
    if (const auto at = text.rfind("data: "); at != absl::string_view::npos) {
      text.remove_prefix(at + 6);
    }
    const auto document = json::Document::Parse(text);
    return document.ok() ? std::string(document->root()["error"]["code"].text()) : "";
  }

  CallFixture& fixture;
  FakeCallerConnection caller;
  call::Reply reply{caller, dialects::DefaultDialect(), "req_1"};
  const call::CallContext context{fixture.services,
                                  fixture.upstream,
                                  caller,
                                  reply,
                                  caller.head(),
                                  "req_1",
                                  fixture.clock.Now(),
                                  fixture.executor,
                                  caller.cancellation()};

 private:
  async::Awaitable<bool> RunAndNote(async::Awaitable<void> work) {
    co_await std::move(work);
    ended_ = true;
    co_return true;
  }

  bool ended_ = false;
};

inline OneCall& CallFixture::NewCall(const std::string& body) {
  auto call = std::make_shared<OneCall>(*this, body);
  calls.push_back(call);
  return *call;
}

inline OneCall& CallFixture::StartCall(const std::string& body) { return NewCall(body).Start(); }

}  // namespace countersign::edge::testing
