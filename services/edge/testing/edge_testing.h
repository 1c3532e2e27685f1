#pragma once

// A whole edge on sockets: fakes of the five ports, a scripted upstream, and a client that reads
// replies.

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/async/sleep.h"
#include "libs/base/clock.h"
#include "libs/base/mutex.h"
#include "libs/clients/testing/fake_authenticator.h"
#include "libs/clients/testing/fake_masker.h"
#include "libs/clients/testing/fake_policy_decider.h"
#include "libs/clients/testing/fake_recorder.h"
#include "libs/clients/testing/fake_review_gate.h"
#include "libs/dialects/testing/literal_masking.h"
#include "libs/domain/event_payload.h"
#include "libs/http/testing/http_testing.h"
#include "libs/json/document.h"
#include "services/edge/edge.h"
#include "services/edge/testing/fake_admin_backend.h"

namespace countersign::edge::testing {

using http::testing::RawClient;
using http::testing::Signal;

struct Answer {
  int status = 0;
  std::multimap<std::string, std::string> headers;  // lower-case names
  std::string body;                                 // without chunk framing
  bool complete = false;                            // it ended completely by its framing

  std::string Header(const std::string& name) const {
    const auto at = headers.find(name);
    return at == headers.end() ? "" : at->second;
  }
};

inline Answer ReadHead(RawClient& client) {
  Answer answer;
  const std::string head = client.ReadUntil("\r\n\r\n");
  const std::vector<std::string> lines = absl::StrSplit(head, "\r\n", absl::SkipEmpty());
  if (lines.empty()) return answer;
  (void)absl::SimpleAtoi(lines[0].substr(9, 3), &answer.status);
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::pair<std::string, std::string> field =
        absl::StrSplit(lines[i], absl::MaxSplits(": ", 1));
    answer.headers.emplace(absl::AsciiStrToLower(field.first), field.second);
  }
  return answer;
}

// One chunk of a streamed body; "" at its end, or when it breaks off (see `complete`).
inline std::string ReadChunk(RawClient& client, bool* complete = nullptr) {
  const std::string line = client.ReadUntil("\r\n");
  std::size_t size = 0;
  if (line.empty() || !absl::SimpleHexAtoi(line.substr(0, line.size() - 2), &size)) return "";
  const std::string data = client.ReadBytes(size + 2);
  if (complete != nullptr) *complete = size == 0 && data.size() == 2;
  return data.size() == size + 2 ? data.substr(0, size) : "";
}

inline Answer ReadAnswer(RawClient& client) {
  Answer answer = ReadHead(client);
  std::size_t length = 0;
  if (absl::SimpleAtoi(answer.Header("content-length"), &length)) {
    answer.body = client.ReadBytes(length);
    answer.complete = answer.body.size() == length;
    return answer;
  }
  for (std::string chunk; !(chunk = ReadChunk(client, &answer.complete)).empty();) {
    answer.body += chunk;
  }
  return answer;
}

// Answers /v1/… as scripted and records its requests.
class ScriptedUpstream {
 public:
  struct Received {
    http::RequestHead head;
    std::string body;
  };
  using Behaviour = std::function<async::Awaitable<void>(http::Exchange&)>;

  static Behaviour Json(int status, std::string body, http::Headers headers = {}) {
    return [=](http::Exchange& exchange) -> async::Awaitable<void> {
      http::ResponseHead head;
      head.status = status;
      head.headers = headers;
      head.headers.Add("content-type", "application/json");
      head.headers.Add("x-request-id", "upstream-1");
      (void)co_await exchange.Respond(std::move(head), body);
    };
  }
  static Behaviour Stream(std::vector<std::string> pieces, bool finish = true) {
    return [=](http::Exchange& exchange) -> async::Awaitable<void> {
      http::ResponseHead head;
      head.headers.Add("content-type", "text/event-stream");
      (void)co_await exchange.Begin(std::move(head));
      for (const std::string& piece : pieces) (void)co_await exchange.Write(piece);
      if (finish) (void)co_await exchange.Finish();
    };
  }
  // Sends `first` of a stream, then waits until the client has left.
  static Behaviour Hang(std::string first, Signal* left = nullptr) {
    return [=](http::Exchange& exchange) -> async::Awaitable<void> {
      http::ResponseHead head;
      head.headers.Add("content-type", "text/event-stream");
      if (!first.empty()) {
        (void)co_await exchange.Begin(std::move(head));
        (void)co_await exchange.Write(first);
      }
      co_await async::UntilCancelled(exchange.executor(), exchange.cancellation());
      if (left != nullptr) left->Set();
    };
  }

  // With `tls` over https.
  explicit ScriptedUpstream(const http::security::TlsContext& tls = nullptr)
      : scheme_(tls == nullptr ? "http" : "https"),
        server_([this](http::Exchange& exchange) { return Handle(exchange); }, {}, tls) {}

  void Behave(Behaviour behaviour) {
    const MutexLock lock(mutex_);
    behaviour_ = std::move(behaviour);
  }
  std::vector<Received> received() const {
    const MutexLock lock(mutex_);
    return received_;
  }
  std::string url() const { return absl::StrCat(scheme_, "://", server_.address(), "/v1"); }
  http::Listener& listener() { return server_.listener(); }

 private:
  async::Awaitable<void> Handle(http::Exchange& exchange) {
    absl::StatusOr<std::string> body = co_await exchange.ReadBody();
    Behaviour behaviour;
    {
      const MutexLock lock(mutex_);
      received_.push_back({exchange.head(), body.value_or("")});
      behaviour = behaviour_;
    }
    co_await behaviour(exchange);
  }

  mutable Mutex mutex_;
  std::vector<Received> received_ CS_GUARDED_BY(mutex_);
  Behaviour behaviour_ CS_GUARDED_BY(mutex_) = Json(
      200, R"({"id":"c-1","choices":[{"index":0,"message":{"role":"assistant","content":"hello"},)"
           R"("finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2}})");
  const std::string scheme_;
  http::testing::TestServer server_;
};

struct Fixture {
  // With `upstream_tls` the upstream is served over TLS.
  explicit Fixture(EdgeConfig edge_config = {},
                   const http::security::TlsContext& upstream_tls = nullptr)
      : upstream(upstream_tls), config(Loopback(std::move(edge_config))) {
    authenticator.Know("key-1", Principal("alice"));
    decider.AllowAll();
    domain::Connection& connection = resources->connections["openai"];
    connection.name = "openai";
    connection.protocol = domain::Protocol::kOpenAi;
    connection.url = upstream.url();
    connection.is_default = true;
    connection.version = 7;
  }

  static domain::Principal Principal(const std::string& name) {
    domain::Principal principal;
    principal.issuer = "countersign";
    principal.subject = principal.identity = name;
    principal.roles = {{domain::Role::kCaller, {}}};
    return principal;
  }

  Edge& Start() {
    CHECK(edge.Serve(resources).ok());
    edge.SetAdminBackend(admin);
    REQUIRE(edge.Start().ok());
    return edge;
  }
  RawClient Connect() {
    if (edge.addresses().empty()) Start();
    return RawClient(edge.addresses().front());
  }

  static std::string Head(const std::string& line, const std::string& extra, std::size_t size) {
    return absl::StrCat(line, " HTTP/1.1\r\nhost: edge\r\nauthorization: Bearer key-1\r\n", extra,
                        "content-length: ", size, "\r\n\r\n");
  }
  static std::string Post(const std::string& body, const std::string& extra = "") {
    return Head("POST /v1/chat/completions", extra, body.size()) + body;
  }
  Answer Call(const std::string& request) {
    RawClient client = Connect();
    client.Send(request);
    return ReadAnswer(client);
  }
  Answer Chat(const std::string& extra = "") { return Call(Post(kPlain, extra)); }
  Answer Stream(const std::string& extra = "") { return Call(Post(kStream, extra)); }

  void Review(absl::Duration hold = absl::Minutes(4)) {
    decider.decide.Always([hold] {
      domain::Decision decision;
      decision.verdict = domain::Verdict::kReview;
      decision.policy = "regulated";
      decision.masking_profile = "none";
      decision.review.reviewers = {"security"};
      decision.review.hold = hold;
      return decision;
    });
  }
  // The types of the last session's events, in order.
  std::vector<std::string> Events() const {
    std::vector<std::string> types;
    const auto sessions = recorder.sessions();
    if (sessions.empty()) return types;
    for (const auto& event : sessions.back().events) types.emplace_back(event.type);
    return types;
  }
  // The concatenated response.data events of the last session.
  std::string Recorded() const {
    std::string text;
    const auto sessions = recorder.sessions();
    for (const auto& event : sessions.back().events) {
      if (event.type != domain::event_type::kResponseData) continue;
      text += domain::ReadResponseDataPayload(event.payload).value();
    }
    return text;
  }
  // Waits for the end of the last session.
  domain::SessionEnd End() {
    const auto deadline = clock.Now() + absl::Seconds(10);
    while (clock.Now() < deadline) {
      const auto sessions = recorder.sessions();
      if (!sessions.empty() && sessions.back().end) return *sessions.back().end;
      std::this_thread::yield();
    }
    return {};
  }
  static std::string Code(const Answer& answer) {
    const auto document = json::Document::Parse(answer.body);
    return document.ok() ? std::string(document->root()["error"]["code"].text()) : "";
  }
  // Whether the metrics contain `line`, now or soon: a call is counted after its answer was sent.
  bool Counted(const std::string& line) {
    const auto deadline = clock.Now() + absl::Seconds(10);
    while (clock.Now() < deadline) {
      if (absl::StrContains(registry.Expose(), line + "\n")) return true;
      std::this_thread::yield();
    }
    return false;
  }

  static constexpr char kPlain[] =
      R"({ "model":"gpt-4o", "messages":[{"role":"user","content":"caf\u00e9"}] })";
  static constexpr char kStream[] =
      R"({"model":"gpt-4o","messages":[{"role":"user","content":"hi"}],"stream":true})";

  ScriptedUpstream upstream;
  clients::FakeAuthenticator authenticator;
  clients::FakePolicyDecider decider;
  clients::FakeReviewGate reviews;
  clients::FakeRecorder recorder;
  Mutex masking_mutex;
  dialects::testing::LiteralMasking masking;
  clients::FakeMasker masker{[this](const domain::FieldPiece& piece) {
    const MutexLock lock(masking_mutex);
    domain::FieldRelease release = masking.Apply({piece}).front();
    if (reversible && !release.masked.empty()) release.placeholders = {{"<S>", "SECRET"}};
    return release;
  }};
  bool reversible = false;  // masked values get placeholders
  std::shared_ptr<domain::ResourceSet> resources = std::make_shared<domain::ResourceSet>();
  SystemClock clock;
  SystemRandom random;
  metrics::Registry registry;
  FakeAdminBackend admin;
  const EdgeConfig config;
  Edge edge{config, call::Ports{authenticator, decider, reviews, masker, recorder}, clock, random,
            registry};

 private:
  static EdgeConfig Loopback(EdgeConfig edge_config) {
    edge_config.http.listen = {http_transport::ListenOn{"127.0.0.1:0", "", ""}};
    return edge_config;
  }
};

// A stream's events as an upstream sends them.
inline std::string Content(absl::string_view text) {
  return absl::StrCat(R"(data: {"id":"c-1","choices":[{"index":0,"delta":{"content":")", text,
                      R"("},"finish_reason":null}]})", "\n\n");
}
inline const std::string kFinished =
    "data: "
    "{\"id\":\"c-1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
inline const std::string kUsage =
    "data: {\"id\":\"c-1\",\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":4}}"
    "\n\n";
inline const std::string kDone = "data: [DONE]\n\n";

}  // namespace countersign::edge::testing
