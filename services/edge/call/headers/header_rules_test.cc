#include "services/edge/call/headers/header_rules.h"

#include <catch2/catch.hpp>

#include "libs/base/status.h"
#include "services/edge/call/headers/header_values.h"

namespace countersign::edge::call::headers {
namespace {

dialects::HeaderList Sent(const dialects::HeaderList& from_caller, bool has_body) {
  return UpstreamHeaders(from_caller, domain::Connection(), has_body ? "application/json" : "");
}

TEST_CASE("CredentialOf: bearer or x-api-key", "[edge]") {
  CHECK(ReadCredential({{"Authorization", "bearer  abc "}})->Reveal() == "abc");
  CHECK(ReadCredential({{"X-Api-Key", "abc"}})->Reveal() == "abc");
  CHECK(ReadCredential({{"authorization", "Bearer a"}, {"x-api-key", "b"}})->Reveal() == "a");
}

TEST_CASE("CredentialOf: none, or not a single one, is UNAUTHENTICATED", "[edge]") {
  CHECK(GetReason(ReadCredential({}).status()) == "credential_missing");
  CHECK(GetReason(ReadCredential({{"authorization", "Bearer "}}).status()) == "credential_missing");
  CHECK(GetReason(ReadCredential({{"authorization", "Basic x"}}).status()) ==
        "credential_malformed");
  CHECK(GetReason(ReadCredential({{"authorization", "Bearer a"}, {"Authorization", "Bearer b"}})
                      .status()) == "credential_malformed");
}

TEST_CASE("UpstreamHeaders: only judged headers go on, never the credential", "[edge]") {
  const dialects::HeaderList sent = Sent({{"Authorization", "Bearer secret"},
                                          {"X-Api-Key", "secret"},
                                          {"Cookie", "secret"},
                                          {"Host", "edge"},
                                          {"Connection", "keep-alive, OpenAI-Beta"},
                                          {"OpenAI-Beta", "assistants=v2"},
                                          {"OpenAI-Organization", "org"},
                                          {"Accept", "application/json"},
                                          {"Accept-Encoding", "gzip"},
                                          {"Content-Type", "text/plain"},
                                          {"Expect", "100-continue"},
                                          {"X-Stainless-Lang", "python"},
                                          {"X-Forwarded-For", "1.2.3.4"},
                                          {"User-Agent", "OpenAI/Python 1.40.0"}},
                                         true);
  CHECK(sent == dialects::HeaderList{{"accept", "application/json"},
                                     {"user-agent", "OpenAI/Python 1.40.0"},
                                     {"content-type", "application/json"},
                                     {"accept-encoding", "identity"}});
}

TEST_CASE("CallerHeaders: the upstream's request id is renamed", "[edge]") {
  CHECK(CallerHeaders({{"X-Request-Id", "up-1"},
                       {"Content-Type", "application/json"},
                       {"Set-Cookie", "x"},
                       {"Server", "y"},
                       {"Retry-After", "3"},
                       {"x-ratelimit-remaining-tokens", "9"}}) ==
        dialects::HeaderList{{"x-upstream-request-id", "up-1"},
                             {"content-type", "application/json"},
                             {"retry-after", "3"},
                             {"x-ratelimit-remaining-tokens", "9"}});
}

TEST_CASE("CallerHeaders: a header with a free-form value is dropped", "[edge]") {
  CHECK(CallerHeaders({{"openai-organization", "4111 1111 1111 1111"},
                       {"openai-model", "gpt-4o"},
                       {"anthropic-note", "mail a@b.io"},
                       {"x-ratelimit-reset-tokens", "6m0s"},
                       {"x-ratelimit-note", "536-90-4399"},
                       {"retry-after", "call 4111111111111111"},
                       {"x-request-id", "AKIA0123456789ABCDEF"}}) ==
        dialects::HeaderList{{"openai-model", "gpt-4o"}, {"x-ratelimit-reset-tokens", "6m0s"}});
}

TEST_CASE("UpstreamHeaders: a value that no policy judged is left out", "[edge]") {
  CHECK(Sent({{"OpenAI-Beta", "assistants=v2"},
              {"OpenAI-Beta", "plutonium recipe=v2"},
              {"OpenAI-Note", "the patient is john smith"},
              {"OpenAI-4111111111111111", "1"},
              {"Anthropic-Version", "2023-06-01"},
              {"Anthropic-Note", "2023-06-01"},
              {"User-Agent", "my card is 4111111111111111"},
              {"tracestate", "vendor=4111111111111111"},
              {"Accept", "text/plutonium"},
              {"Idempotency-Key", "stainless-retry-123e4567-e89b-12d3-a456-426614174000"}},
             false) == dialects::HeaderList{{"openai-beta", "assistants=v2"},
                                            {"anthropic-version", "2023-06-01"},
                                            {"accept-encoding", "identity"}});
}

TEST_CASE("UpstreamHeaders: of Anthropic's betas the known ones are sent", "[edge]") {
  CHECK(Sent({{"anthropic-beta", "claude-code-20250219, call-me-2026-01-01,oauth-2025-04-20"}},
             false) ==
        dialects::HeaderList{{"anthropic-beta", "claude-code-20250219,oauth-2025-04-20"},
                             {"accept-encoding", "identity"}});
}

TEST_CASE("CallerHeaders: the upstream's id of a call is renamed, whatever its name", "[edge]") {
  const dialects::HeaderList renamed{{"x-upstream-request-id", "req_011CQ"}};
  CHECK(CallerHeaders({{"request-id", "req_011CQ"}}) == renamed);
  CHECK(CallerHeaders({{"request-id", "req_011CQ"}, {"x-request-id", "req_2a"}}) == renamed);
}

TEST_CASE("UpstreamHeaders: a trace context is replaced", "[edge]") {
  const std::string own = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const dialects::HeaderList sent = Sent({{"Traceparent", own}, {"tracestate", "a=b"}}, false);
  CHECK(FindHeader(sent, "traceparent") == ReplaceTraceParent(own));
  CHECK(FindHeader(sent, "tracestate").empty());
  CHECK(FindHeader(Sent({{"traceparent", "00-secret"}}, false), "traceparent").empty());
}

TEST_CASE("UpstreamHeaders: callers cannot choose the billed account", "[edge]") {
  CHECK(Sent({{"OpenAI-Organization", "org-other"},
              {"OpenAI-Project", "proj_other"},
              {"anthropic-organization-id", "org-1"},
              {"anthropic-workspace-id", "wrkspc_1"},
              {"x-goog-user-project", "other"},
              {"api-key", "x"}},
             false) == dialects::HeaderList{{"accept-encoding", "identity"}});
}

TEST_CASE("UpstreamHeaders: the connection defines the billed account", "[edge]") {
  domain::Connection connection;
  connection.organization = "org-ours";
  connection.project = "proj_ours";
  CHECK(UpstreamHeaders({{"OpenAI-Organization", "org-other"}, {"openai-project", "proj_other"}},
                        connection, "") == dialects::HeaderList{{"openai-organization", "org-ours"},
                                                                {"openai-project", "proj_ours"},
                                                                {"accept-encoding", "identity"}});
}

TEST_CASE("RpcHeaders: gRPC's own, and of the metadata who calls and the trace", "[edge]") {
  CHECK(RpcHeaders({{"User-Agent", "OpenAI/Python 1.2.3"},
                    {"authorization", "Bearer key"},
                    {"x-tenant", "a"},
                    {"grpc-timeout", "5S"},
                    {"openai-beta", "assistants=v2"}}) ==
        dialects::HeaderList{{"user-agent", "OpenAI/Python 1.2.3"},
                             {"content-type", "application/grpc"},
                             {"te", "trailers"},
                             {"grpc-accept-encoding", "identity"}});
}

TEST_CASE("HasToken: finds preferences in lists", "[edge]") {
  CHECK(HasToken({{"Prefer", "wait=10, respond-async"}}, "prefer", "respond-async"));
  CHECK(HasToken({{"Prefer", "Respond-Async; x=1"}}, "prefer", "respond-async"));
  CHECK(!HasToken({{"Prefer", "respond-asynchronously"}}, "prefer", "respond-async"));
}

}  // namespace
}  // namespace countersign::edge::call::headers
