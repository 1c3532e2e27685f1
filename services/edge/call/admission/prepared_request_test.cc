#include "services/edge/call/admission/prepared_request.h"

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "services/edge/testing/call_fixture.h"

namespace countersign::edge::call::admission {
namespace {

using testing::CallFixture;
using testing::kPlainBody;
using testing::kStreamBody;
using testing::OneCall;

constexpr char kSecretBody[] =
    R"({"model":"m","messages":[{"role":"user","content":"my SECRET \u0041"}]})";

// Runs steps 2 to 7 of a call and gives the request as it would be sent.
struct Fixture : CallFixture {
  // Profiles of prompts, as the edge knows them.
  void AddProfile(const std::string& name, std::size_t prompt_rules) {
    resources->masking_profiles[name].prompt.resize(prompt_rules);
  }

  static async::Awaitable<Step<PreparedRequest>> Prepare(const CallContext& context) {
    const Step<request::VerifiedCaller> caller = co_await request::VerifiedCaller::Verify(context);
    const auto route =
        request::FindRoute(context.services.resources.Current(), "gateway", context.request.path);
    const Step<request::ReadRequest> read = co_await request::ReadRequest::Read(
        context, *route, *dialects::FindDialect(route->connection->protocol));
    PendingDecision asked(context, *caller, *read);
    Session session(context, *caller, domain::SessionStart());
    const Step<DecidedCall> decided = co_await asked.Get(session);
    co_return co_await PreparedRequest::Prepare(context, *caller, *read, *decided);
  }

  Step<PreparedRequest> Prepare(OneCall& call) {
    auto prepared = call.Run(Prepare(call.context));
    REQUIRE(prepared.has_value());
    return *std::move(prepared);
  }
  PreparedRequest Prepared(OneCall& call) {
    Step<PreparedRequest> prepared = Prepare(call);
    REQUIRE(prepared.ok());
    return *std::move(prepared);
  }
  PreparedRequest Prepared(const std::string& body) { return Prepared(NewCall(body)); }
};

TEST_CASE("PreparedRequest: what needs no change is sent byte for byte", "[edge]") {
  Fixture f;
  const PreparedRequest request = f.Prepared(kPlainBody);
  CHECK(request.body() == kPlainBody);
  CHECK(request.head().method == "POST");
  CHECK(request.head().target == "/v1/chat/completions");
  CHECK(request.connection().name == "openai");
  CHECK(request.placeholders().empty());
  CHECK(request.masked().empty());
  CHECK(f.masker.opened_profiles().empty());
}

TEST_CASE("PreparedRequest: the gateway asks for a stream's usage, and the hash is of that",
          "[edge]") {
  Fixture f;
  const PreparedRequest request = f.Prepared(kStreamBody);
  CHECK(absl::StrContains(request.body(), R"("stream_options":{"include_usage":true})"));
  CHECK(request.binding_hash() == request.HashBinding(request.head(), request.body()));
  CHECK(request.binding_hash() != request.HashBinding(request.head(), kStreamBody));
}

TEST_CASE("PreparedRequest: the hash covers caller, connection, head and body", "[edge]") {
  Fixture f;
  const PreparedRequest request = f.Prepared(kPlainBody);
  CHECK(request.binding_hash() == f.Prepared(kPlainBody).binding_hash());
  OutgoingHead head = request.head();
  head.method = "PUT";
  CHECK(request.HashBinding(head, request.body()) != request.binding_hash());
  head = request.head();
  head.target += "?a=b";
  CHECK(request.HashBinding(head, request.body()) != request.binding_hash());
  head = request.head();
  head.headers.emplace_back("openai-beta", "assistants=v2");
  CHECK(request.HashBinding(head, request.body()) != request.binding_hash());
  head = request.head();
  head.headers.emplace_back("authorization", "Bearer upstream-key");
  CHECK(request.HashBinding(head, request.body()) == request.binding_hash());
  {
    Fixture other;
    other.connection().version = 8;
    CHECK(other.Prepared(kPlainBody).binding_hash() != request.binding_hash());
  }
  {
    Fixture other;
    other.authenticator.Know("key-1", CallFixture::Principal("bob"));
    CHECK(other.Prepared(kPlainBody).binding_hash() != request.binding_hash());
  }
  Fixture same;
  CHECK(same.Prepared(kPlainBody).binding_hash() == request.binding_hash());
}

TEST_CASE("PreparedRequest: of the caller's headers those on the list go upstream", "[edge]") {
  Fixture f;
  OneCall& call = f.NewCall();
  call.caller.request().headers.emplace_back("Cookie", "a=b");
  call.caller.request().headers.emplace_back("Accept", "*/*");
  const PreparedRequest request = f.Prepared(call);
  const dialects::HeaderList expected = {
      {"accept", "*/*"}, {"content-type", "application/json"}, {"accept-encoding", "identity"}};
  CHECK(request.head().headers == expected);
}

TEST_CASE("PreparedRequest: the size of JSON before binary data is that of what is sent",
          "[edge]") {
  Fixture f;
  f.connection().protocol = domain::Protocol::kKserveV2;
  f.AddProfile("strict", 1);
  f.decider.AllowAll("strict");
  const auto json = [](absl::string_view id, int size) {
    return absl::StrCat(R"({"id":")", id, R"(","inputs":[{"name":"t","datatype":"BYTES",)",
                        R"("shape":[1],"parameters":{"binary_data_size":)", size, "}}]}");
  };
  const std::string sent = json("SECRET", 10);
  OneCall& call = f.NewCall(sent + std::string("\6\0\0\0SECRET", 10));
  call.caller.request().path = "/v2/models/m/infer";
  call.caller.request().headers.emplace_back("Inference-Header-Content-Length",
                                             absl::StrCat(sent.size()));
  const PreparedRequest request = f.Prepared(call);
  const std::string head = json("<S>", 7);
  CHECK(request.body() == head + std::string("\3\0\0\0<S>", 7));
  const dialects::HeaderList expected = {
      {"content-type", "application/octet-stream"},
      {"accept-encoding", "identity"},
      {"inference-header-content-length", absl::StrCat(head.size())}};
  CHECK(request.head().headers == expected);
  CHECK(request.binding_hash() == request.HashBinding(request.head(), request.body()));
}

TEST_CASE("PreparedRequest: a profile with rules for prompts masks what is sent", "[edge]") {
  Fixture f;
  f.AddProfile("strict", 1);
  f.decider.AllowAll("strict");
  const PreparedRequest request = f.Prepared(kSecretBody);
  CHECK(request.body() == R"({"model":"m","messages":[{"role":"user","content":"my <S> A"}]})");
  REQUIRE(request.masked().size() == 1);
  CHECK(request.masked()[0].field == "/messages/0/content");
  CHECK(request.masked()[0].span.original == "SECRET");
  CHECK(request.prompt()->parts[0].text == "my <S> A");
  CHECK(request.unanalyzed().empty());
}

TEST_CASE("PreparedRequest: it knows which analyzers did not look at the prompt", "[edge]") {
  Fixture f;
  f.AddProfile("strict", 1);
  f.decider.AllowAll("strict");
  f.unanalyzed = {"names"};
  CHECK(f.Prepared(kSecretBody).unanalyzed() == domain::Unanalyzed{"names"});
}

TEST_CASE("PreparedRequest: the masker is asked unless the profile surely leaves prompts alone",
          "[edge]") {
  struct Case {
    const char* name;
    const char* profile;
    std::uint64_t policy_version;
    bool asked;
  };
  const Case cases[] = {{"no masking at all", "none", 0, false},
                        {"the built-in profile is about answers", "tier1", 0, false},
                        {"a profile without rules for prompts", "answers", 0, false},
                        {"a profile with them", "prompts", 0, true},
                        {"a profile that the edge does not know", "unheard-of", 0, true},
                        {"policy knows newer profiles than the edge", "answers", 5, true}};
  for (const Case& each : cases) {
    Fixture f;
    f.AddProfile("answers", 0);
    f.AddProfile("prompts", 1);
    f.decider.decide.Always([each] {
      domain::Decision decision;
      decision.verdict = domain::Verdict::kAllow;
      decision.masking_profile = each.profile;
      decision.policy_version = each.policy_version;
      return decision;
    });
    (void)f.Prepared(kPlainBody);
    CAPTURE(each.name);
    CHECK(f.masker.opened_profiles().size() == (each.asked ? 1 : 0));
  }
}

TEST_CASE("PreparedRequest: a name of a member that would have to be masked is refused", "[edge]") {
  Fixture f;
  f.AddProfile("strict", 1);
  f.decider.AllowAll("strict");
  const Step<PreparedRequest> prepared =
      f.Prepare(f.NewCall(R"({"model":"m","messages":[],"metadata":{"SECRET":"x"}})"));
  REQUIRE_FALSE(prepared.ok());
  CHECK(prepared.refusal().error.code == "policy_denied");
  CHECK(prepared.refusal().outcome == domain::Outcome::kBlocked);
}

TEST_CASE("PreparedRequest: a URL that the upstream cannot use is its error", "[edge]") {
  Fixture f;
  f.connection().url = "ftp://x";
  const Step<PreparedRequest> prepared = f.Prepare(f.NewCall());
  REQUIRE_FALSE(prepared.ok());
  CHECK(prepared.refusal().error.code == "upstream_error");
  CHECK(prepared.refusal().outcome == domain::Outcome::kUpstreamError);
}

TEST_CASE("PreparedRequest: masking that fails or answers another question closes the gate",
          "[edge]") {
  for (const bool open : {true, false}) {
    Fixture f;
    f.AddProfile("strict", 1);
    f.decider.AllowAll("strict");
    (open ? f.masker.open : f.masker.feed).AlwaysFail(absl::UnavailableError("down"));
    const Step<PreparedRequest> prepared = f.Prepare(f.NewCall(kSecretBody));
    REQUIRE_FALSE(prepared.ok());
    CHECK(prepared.refusal().error.code == "unavailable");
    CHECK(prepared.refusal().outcome == domain::Outcome::kAborted);
  }
}

}  // namespace
}  // namespace countersign::edge::call::admission
