#include "libs/domain/binding.h"

#include <catch2/catch.hpp>
#include <functional>
#include <string>

#include "absl/strings/str_cat.h"

namespace countersign::domain {
namespace {

BoundRequest Example() {
  return {"https://idp",
          "alice",
          "",
          "openai",
          3,
          "POST",
          "/v1/chat/completions",
          {{"Content-Type", "application/json"},
           {"Authorization", "Bearer x"},
           {"X-Stainless-Retry-Count", "0"}},
          "{}"};
}

TEST_CASE("BindingHash: changes with every bound field", "[domain]") {
  const std::string original = BindingHash(Example());
  const std::function<void(BoundRequest&)> changes[] = {
      [](BoundRequest& r) { r.issuer = "x"; },
      [](BoundRequest& r) { r.subject = "x"; },
      [](BoundRequest& r) { r.actor = "x"; },
      [](BoundRequest& r) { r.connection = "x"; },
      [](BoundRequest& r) { r.connection_version = 4; },
      [](BoundRequest& r) { r.method = "PUT"; },
      [](BoundRequest& r) { r.path_and_query = "/v1/x"; },
      [](BoundRequest& r) { r.headers[0].second = "text/plain"; },
      [](BoundRequest& r) { r.headers.emplace_back("OpenAI-Organization", "o"); },
      [](BoundRequest& r) { r.headers.emplace_back("anthropic-version", "2023-06-01"); },
      [](BoundRequest& r) { r.headers.emplace_back("User-Agent", "curl"); },
      [](BoundRequest& r) { r.headers.emplace_back("accept", "*/*"); },
      [](BoundRequest& r) { r.headers.emplace_back("content-encoding", "gzip"); },
      [](BoundRequest& r) { r.headers.emplace_back("inference-header-content-length", "9"); },
      [](BoundRequest& r) { r.headers.push_back(r.headers[0]); },
      [](BoundRequest& r) { r.headers.erase(r.headers.begin()); },
      [](BoundRequest& r) { r.body = "{ }"; },
  };
  CHECK(original.size() == 64);
  for (const auto& change : changes) {
    BoundRequest changed = Example();
    change(changed);
    CHECK(BindingHash(changed) != original);
  }
}

TEST_CASE("BindingHash: a retry of an SDK is the same call", "[domain]") {
  BoundRequest retry = Example();
  retry.headers = {{"x-stainless-retry-count", "1"},
                   {"content-type", "application/json"},
                   {"authorization", "Bearer y"},
                   {"idempotency-key", "k"}};
  CHECK(BindingHash(retry) == BindingHash(Example()));
}

TEST_CASE("BindingHash: equals the hash of an independent program", "[domain]") {
  // SHA-256 over "countersign binding v1", issuer, subject, actor, connection, version, method,
  // path, the number of headers, each name and value, and the body, each with its length before it.
  CHECK(BindingHash(Example()) ==
        "8be3a1ba3e0559fcbae2ed65d546bf601bee216b99ee72559770323761a76967");
}

TEST_CASE("BindingHash: bytes cannot move from one field to the next", "[domain]") {
  const auto pair = [](auto set) {
    BoundRequest one = Example(), other = Example();
    set(one, "ab", "c");
    set(other, "a", "bc");
    return BindingHash(one) != BindingHash(other);
  };
  CHECK(pair([](BoundRequest& r, const char* a, const char* b) {
    r.issuer = a;
    r.subject = b;
  }));
  CHECK(pair([](BoundRequest& r, const char* a, const char* b) {
    r.subject = a;
    r.actor = b;
  }));
  CHECK(pair([](BoundRequest& r, const char* a, const char* b) {
    r.method = a;
    r.path_and_query = b;
  }));
  CHECK(pair([](BoundRequest& r, const char* a, const char* b) {
    r.headers = {{absl::StrCat("openai-", a), b}};
  }));
  CHECK(pair([](BoundRequest& r, const char* a, const char* b) {
    r.headers = {{"accept", a}};
    r.body = b;
  }));
}

TEST_CASE("BindingHash: the order of headers and the case of their names do not count",
          "[domain]") {
  BoundRequest one = Example(), other = Example();
  one.headers = {{"accept", "a"}, {"openai-beta", "b"}, {"Content-Type", "c"}};
  other.headers = {{"CONTENT-TYPE", "c"}, {"OpenAI-Beta", "b"}, {"Accept", "a"}};
  CHECK(BindingHash(one) == BindingHash(other));
  other.headers[1].second = "B";  // the case of values does
  CHECK(BindingHash(one) != BindingHash(other));
}

TEST_CASE("BindingHash: only the named headers are bound", "[domain]") {
  const std::string without = BindingHash(Example());
  for (const char* name : {"host", "cookie", "x-api-key", "traceparent", "connection", "openai",
                           "x-openai-beta", "accept-encoding", "content-length", ""}) {
    INFO(name);
    BoundRequest request = Example();
    request.headers.emplace_back(name, "x");
    CHECK(BindingHash(request) == without);
  }
}

TEST_CASE("BindingHash: bodies are bound byte by byte", "[domain]") {
  const std::string body("{\"a\":\"\0\xff\"}", 10);
  BoundRequest request = Example();
  request.body = body;
  const std::string original = BindingHash(request);
  for (std::size_t i = 0; i < body.size(); ++i) {
    std::string changed = body;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    request.body = changed;
    CHECK(BindingHash(request) != original);
  }
  request.body = absl::string_view(body).substr(0, body.size() - 1);
  CHECK(BindingHash(request) != original);
}

}  // namespace
}  // namespace countersign::domain
