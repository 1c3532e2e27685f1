#include "services/edge/http_transport/http_upstream.h"

#include <catch2/catch.hpp>

#include "libs/http/io_loop.h"

namespace countersign::edge::http_transport {
namespace {

domain::Connection At(const std::string& url) {
  domain::Connection connection;
  connection.url = url;
  return connection;
}

TEST_CASE("MakeTarget: a path below the connection's URL, with the queries of both", "[edge]") {
  http::IoLoop loop;
  http::Client client(loop, {});
  ThreadPool pool(1, 1);
  const HttpUpstream upstream(client, loop, pool);
  struct Case {
    const char* url;
    const char* path;
    const char* target;
  };
  const Case cases[] = {
      {"https://api.example.com/v1", "/models", "/v1/models"},
      {"https://api.example.com/v1/", "/models", "/v1/models"},
      {"https://api.example.com", "/chat/completions", "/chat/completions"},
      {"https://a.example/openai/x?api-version=1", "/models", "/openai/x/models?api-version=1"},
      {"https://a.example/v1?api-version=1", "/models?a=b", "/v1/models?a=b&api-version=1"}};
  for (const Case& each : cases) {
    CAPTURE(each.url, each.path);
    CHECK(upstream.MakeTarget(At(each.url), each.path).value_or("") == each.target);
  }
  for (const char* url : {"", "ftp://a/", "https://u:p@a/", "https://a/#f", "a.example/v1"}) {
    CAPTURE(url);
    CHECK(absl::IsInvalidArgument(upstream.MakeTarget(At(url), "/models").status()));
    CHECK(absl::IsInvalidArgument(CheckConnection(At(url))));
  }
  CHECK(CheckConnection(At("http://127.0.0.1:8000/v1")).ok());
}

}  // namespace
}  // namespace countersign::edge::http_transport
