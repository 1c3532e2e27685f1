#include "services/edge/call/headers/header_values.h"

#include <catch2/catch.hpp>

namespace countersign::edge::call::headers {
namespace {

TEST_CASE("IsQuantity: numbers, durations and times only", "[edge]") {
  for (const char* value :
       {"0", "149999984", "12.5", "-1", "6m0s", "12ms", "1h2m3.5s", "20", "2026-01-02T03:04:05Z",
        "2026-01-02T03:04:05.123456+02:00", "Wed, 21 Oct 2015 07:28:00 GMT"}) {
    CAPTURE(value);
    CHECK(IsQuantity(value));
  }
  for (const char* value : {"", "4111111111111111", "4111 1111", "536-90-4399", "12x", "s",
                            "a@b.io", "1.123456789012"}) {
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
  for (const char* value : {"", "call john smith", "a@b.io", "4111-1111-1111-1111", "536-90-4399",
                            "AKIA0123456789ABCDEF", "ghp_0123456789abcdefghijABCDEFGHIJ012345",
                            "sk-proj-aB3dE5gH7jK9mN1pQ3", "caf\xc3\xa9"}) {
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
  for (const char* value : {"", "sk-0123abcdXYZ", "AKIA0123456789ABCDEF", "4111111111111111",
                            "req_4111111111111111", "req_a b", "req_"}) {
    CAPTURE(value);
    CHECK(!IsServerId(value));
  }
}

TEST_CASE("IsProduct: programs and versions", "[edge]") {
  for (const char* value : {"sdk", "OpenAI/Python 1.40.0", "AsyncOpenAI/Python 1.40.0",
                            "python-httpx/0.27.2", "curl/7.88.1", "OpenAI/JS 4.1"}) {
    CAPTURE(value);
    CHECK(IsProduct(value));
  }
  for (const char* value : {"", "call john smith", "curl/7 4111.1111.1111.1111", "a@b.io",
                            "x/ghp_0123456789abcdefghij0123456789", "a/b (4111 1111)"}) {
    CAPTURE(value);
    CHECK(!IsProduct(value));
  }
}

}  // namespace
}  // namespace countersign::edge::call::headers
