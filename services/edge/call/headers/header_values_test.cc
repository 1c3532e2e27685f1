#include "services/edge/call/headers/header_values.h"

#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/ascii.h"
#include "libs/base/hex_digits.h"

namespace countersign::edge::call::headers {
namespace {

TEST_CASE("IsQuantity: numbers, durations and times only", "[edge]") {
  for (const char* value :
       {"0", "149999984", "12.5", "-1", "6m0s", "12ms", "1h2m3.5s", "20", "2026-01-02T03:04:05Z",
        "2026-01-02T03:04:05.123456+02:00", "Wed, 21 Oct 2015 07:28:00 GMT"}) {
    CAPTURE(value);
    CHECK(IsQuantity(value));
  }
  for (const char* value :
       {"", "4111111111111111", "4111 1111", "536-90-4399", "12x", "s", "a@b.io", "1.123456789012",
        "4111111111.1111111111", "2026-01-02T03:04:05.4111111111111111Z",
        "4111h1111m1111s1111ms4111s1111m"}) {
    CAPTURE(value);
    CHECK(!IsQuantity(value));
  }
}

TEST_CASE("IsTokenList: names and versions, but no sentences or keys", "[edge]") {
  for (const char* value :
       {"application/json", "text/event-stream; charset=utf-8", "text/html; charset=UTF-8",
        "no-cache, no-store", "assistants=v2", "2023-06-01", "true", "gpt-4o",
        "prompt-caching-2024-07-31,computer-use-2024-10-22", "*/*"}) {
    CAPTURE(value);
    CHECK(IsTokenList(value));
  }
  for (const char* value :
       {"", "call john smith", "a@b.io", "4111-1111-1111-1111", "536-90-4399",
        "AKIA0123456789ABCDEF", "ghp_0123456789abcdefghijABCDEFGHIJ012345",
        "sk-proj-aB3dE5gH7jK9mN1pQ3", "caf\xc3\xa9", "41111111, 11111111, 1",
        "application/json; charset=4111; a=1111; b=1111; c=11111", "sk-abcdefghijklmnopqrst",
        "text/plain; x=hf_abcdefghijklmnopqrstuvwx"}) {
    CAPTURE(value);
    CHECK(!IsTokenList(value));
  }
}

TEST_CASE("IsServerId: identifiers that servers generate", "[edge]") {
  for (const char* value :
       {"req_011CSHoEeqs5C35K2UUqR7Fy", "req_0123456789abcdef0123456789abcdef", "up-1",
        "org-AbC123", "8f14e45fceea167a5a36dedd4bea2543", "123e4567-e89b-12d3-a456-426614174000",
        "req_123e4567-e89b-12d3-a456-426614174000"}) {
    CAPTURE(value);
    CHECK(IsServerId(value));
  }
  for (const char* value :
       {"", "sk-0123abcdXYZ", "AKIA0123456789ABCDEF", "4111111111111111", "req_4111111111111111",
        "req_a b", "req_", "req_4111111111111111a", "41111111-1111-1111-8abc-0123456789ab",
        "DE89370400440532013000", "a4111111111111111f", "req_AKIA0123456789ABCDEF",
        "BE68539007547034", "user-AKIA0123456789ABCDEF", "chatcmpl-4111-1111-1111-1111"}) {
    CAPTURE(value);
    CHECK(!IsServerId(value));
  }
}

TEST_CASE("IsClientName: names of SDKs and clients", "[edge]") {
  for (const char* value :
       {"OpenAI/Python 1.40.0", "AsyncOpenAI/Python 1.40.0", "OpenAI/JS 4.1", "OpenAI/Go 0.1.0",
        "python-httpx/0.27.2", "curl/7.88.1", "Anthropic/Python 0.121.0", "node", "OpenAI/JS v6.0",
        "OpenAI/Python 2.0.0-beta.3", "Go-http-client/1.1", "python-requests/2.31.0"}) {
    CAPTURE(value);
    CHECK(IsClientName(value));
  }
  for (const char* value :
       {"", "sdk", "call john smith", "curl/4111.1111.1111.1111", "curl/7 4111111111111111",
        "OpenAI/plutonium 1.0", "OpenAI/Python 1.0 (plutonium)", "curlplutonium", "plutonium/1.0",
        "x/ghp_0123456789abcdefghij0123456789", "curl/7.88.1 plutonium", "OpenAI/Python betarc"}) {
    CAPTURE(value);
    CHECK_FALSE(IsClientName(value));
  }
}

TEST_CASE("IsAccept: media types of answers", "[edge]") {
  for (const char* value : {"*/*", "application/json", "text/event-stream, */*;q=0.5",
                            "application/json ; q=0.9,text/plain"}) {
    CAPTURE(value);
    CHECK(IsAccept(value));
  }
  for (const char* value :
       {"", "text/plutonium", "application/json;q=4111111111111111", "*/*;note=hello", "*/*,"}) {
    CAPTURE(value);
    CHECK_FALSE(IsAccept(value));
  }
}

TEST_CASE("KeepAnthropicBetas: unknown features are left out of a list", "[edge]") {
  CHECK(KeepAnthropicBetas("claude-code-20250219, oauth-2025-04-20") ==
        "claude-code-20250219, oauth-2025-04-20");
  CHECK(KeepAnthropicBetas("claude-code-20250219, mail-me-2026-01-01,oauth-2025-04-20, x") ==
        "claude-code-20250219,oauth-2025-04-20");
  CHECK(KeepAnthropicBetas("mail-me-2026-01-01").empty());
  CHECK(KeepAnthropicBetas("").empty());
}

TEST_CASE("IsOpenAiBeta, IsAnthropicBeta: known features with their versions", "[edge]") {
  for (const char* value :
       {"assistants=v2", "realtime=v1", "assistants=v2, responses=experimental"}) {
    CAPTURE(value);
    CHECK(IsOpenAiBeta(value));
  }
  for (const char* value :
       {"", "assistants", "assistants=v", "assistants=2", "a b=v1", "A=v1",
        "assistants=v4111111111111111", "a4111111111111111=v1", "=v1", "drop=v1, table=v2",
        "assistants=v2, plutonium=v1", "assistants=v41", "responses=plutonium", "assistants=v2,"}) {
    CAPTURE(value);
    CHECK_FALSE(IsOpenAiBeta(value));
  }
  for (const char* value :
       {"prompt-caching-2024-07-31", "claude-code-20250219,output-128k-2025-02-19",
        "context-1m-2025-08-07", "fine-grained-tool-streaming-2025-05-14, files-api-2025-04-14",
        "files-api-2031-01-02"}) {
    CAPTURE(value);
    CHECK(IsAnthropicBeta(value));
  }
  for (const char* value :
       {"", "prompt-caching", "2024-07-31", "-2024-07-31", "a b-2024-07-31",
        "4111-1111-1111-2024-07-31", "x-4111-11-111", "please-drop-table-plutonium-2024-07-31",
        "skills-2025-10-02,drop-2025-10-02", "pdfs-41111111,pdfs-11111111", "pdfs-4111-11-11",
        "pdfs-2024-13-01", "pdfs-2024-02-30", "pdfs--2024-09-25"}) {
    CAPTURE(value);
    CHECK_FALSE(IsAnthropicBeta(value));
  }
}

TEST_CASE("ReplaceTraceParent: a valid context without anything of the caller's", "[edge]") {
  const std::string own = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const std::string sent = ReplaceTraceParent(own);
  CHECK(sent.size() == own.size());
  CHECK(sent.substr(0, 3) == "00-");
  CHECK(sent.substr(52) == "-01");
  CHECK(sent.substr(3, 32) != own.substr(3, 32));
  CHECK(sent.substr(36, 16) != own.substr(36, 16));
  for (const char c : sent) CHECK((c == '-' || (IsHexDigit(c) && !absl::ascii_isupper(c))));
  CHECK(ReplaceTraceParent(own) == sent);
  // Spans of one trace stay in one trace.
  const std::string next =
      ReplaceTraceParent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b8-02");
  CHECK(next.substr(0, 35) == sent.substr(0, 35));
  CHECK(next.substr(35) != sent.substr(35));
  CHECK(next.substr(52) == "-00");
}

TEST_CASE("IsTraceParent: in the form of the standard, without personal numbers", "[edge]") {
  CHECK(IsTraceParent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
  for (const char* value : {"", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
                            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                            "00-4111111111111111a3ce929d0e0e4736-00f067aa0ba902b7-01",
                            "00-4bf92f3577b34da6a3ce929d41111111-11111111aba902b7-01",
                            "00-4bf92f3577b34da6a3ce929d0e0e4736a00f067aa0ba902b7-01"}) {
    CAPTURE(value);
    CHECK_FALSE(IsTraceParent(value));
  }
}

}  // namespace
}  // namespace countersign::edge::call::headers
