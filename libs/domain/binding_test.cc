#include "libs/domain/binding.h"

#include <catch2/catch.hpp>
#include <functional>

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

}  // namespace

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

}  // namespace countersign::domain
