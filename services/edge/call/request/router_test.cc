#include "services/edge/call/request/router.h"

#include <catch2/catch.hpp>

#include "libs/base/status.h"

namespace countersign::edge::call::request {
namespace {

std::shared_ptr<const domain::ResourceSet> Resources() {
  auto set = std::make_shared<domain::ResourceSet>();
  const auto add = [&](const char* name) -> domain::Connection& {
    domain::Connection& connection = set->connections[name];
    connection.name = name;
    return connection;
  };
  add("openai").is_default = true;
  add("local").hosts = {"llm.example.com"};
  domain::Connection& prefixed = add("prefixed");
  prefixed.hosts = {"llm.example.com"};
  prefixed.path_prefix = "/team-a";
  add("by-path").path_prefix = "/shared/ai/";
  return set;
}

std::string Where(const char* host, const char* path) {
  const absl::StatusOr<Route> route = FindRoute(Resources(), host, path);
  if (!route.ok()) return GetReason(route.status());
  return route->connection->name + " " + route->path;
}

TEST_CASE("FindRoute: by name, host, prefix and default", "[edge]") {
  CHECK(Where("any", "/v1/models") == "openai /v1/models");
  CHECK(Where("any", "/openai/v1/chat/completions") == "openai /v1/chat/completions");
  CHECK(Where("any", "/local/v1") == "local /v1");
  CHECK(Where("LLM.example.com:8080", "/v1/models") == "local /v1/models");
  CHECK(Where("llm.example.com", "/team-a/v1/models") == "prefixed /v1/models");
  CHECK(Where("any", "/shared/ai/v1/models") == "by-path /v1/models");
  CHECK(Where("llm.example.com", "/openai/v1/models") == "openai /v1/models");
  CHECK(Where("any", "/local/v2/health/live") == "local /v2/health/live");
  CHECK(Where("LLM.example.com", "/v2") == "local /v2");
  CHECK(Where("llm.example.com", "/team-a/v2/models/m/infer") == "prefixed /v2/models/m/infer");
}

TEST_CASE("FindRoute: distinguishes unknown connections and unknown paths", "[edge]") {
  CHECK(Where("any", "/nowhere/v1/models") == "unknown_connection");
  for (const char* path :
       {"/", "", "/v3/models", "/v2x", "/openai/models", "/v1models", "//v1/models"}) {
    CAPTURE(path);
    CHECK((Where("any", path) == "not_found" || Where("any", path) == "unknown_connection"));
  }
}

TEST_CASE("FindRoute: there is no default unless a connection is marked", "[edge]") {
  auto set = std::make_shared<domain::ResourceSet>(*Resources());
  set->connections["openai"].is_default = false;
  CHECK(GetReason(FindRoute(set, "any", "/v1/models").status()) == "unknown_connection");
}

TEST_CASE("FindRoute: without resources it is UNAVAILABLE", "[edge]") {
  CHECK(absl::IsUnavailable(FindRoute(nullptr, "any", "/v1/models").status()));
}

std::string WhereRpc(const char* named, const char* host, const char* path) {
  const absl::StatusOr<Route> route = FindRpcRoute(Resources(), named, host, path);
  if (!route.ok()) return GetReason(route.status());
  return route->connection->name + " " + route->path;
}

TEST_CASE("FindRpcRoute: by name, host, prefix and default", "[edge]") {
  CHECK(WhereRpc("local", "any", "/a.B/C") == "local /a.B/C");
  CHECK(WhereRpc("none", "llm.example.com", "/a.B/C") == "unknown_connection");
  CHECK(WhereRpc("", "llm.example.com:443", "/a.B/C") == "local /a.B/C");
  CHECK(WhereRpc("", "llm.example.com", "/team-a/a.B/C") == "prefixed /a.B/C");
  CHECK(WhereRpc("", "any", "/shared/ai/a.B/C") == "by-path /a.B/C");
  CHECK(WhereRpc("", "any", "/a.B/C") == "openai /a.B/C");
  CHECK(absl::IsUnavailable(FindRpcRoute(nullptr, "", "any", "/a.B/C").status()));
}

TEST_CASE("ServesModel: globs, and everything without them", "[edge]") {
  domain::Connection connection;
  CHECK(domain::ServesModel(connection, "anything"));
  connection.models = {"gpt-4*", "o1"};
  CHECK(domain::ServesModel(connection, "gpt-4o-mini"));
  CHECK(domain::ServesModel(connection, "o1"));
  CHECK(!domain::ServesModel(connection, "o1-mini"));
  CHECK(!domain::ServesModel(connection, "GPT-4"));
}

}  // namespace
}  // namespace countersign::edge::call::request
