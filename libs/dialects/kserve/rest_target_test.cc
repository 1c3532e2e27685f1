#include "libs/dialects/kserve/rest_target.h"

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"

namespace countersign::dialects::kserve {
namespace {

// "operation upstream-path", or the error's code.
std::string Read(absl::string_view method, absl::string_view path) {
  const auto target = ReadRestTarget(method, path);
  if (!target.ok()) return absl::StatusCodeToString(target.status().code());
  return absl::StrCat(target->operation, " ", target->upstream_path);
}

TEST_CASE("KServe over REST: what is served", "[kserve]") {
  CHECK(Read("GET", "/v2") == "server.metadata /v2");
  CHECK(Read("GET", "/v2/") == "server.metadata /v2");
  CHECK(Read("GET", "/v2/health/live") == "server.live /v2/health/live");
  CHECK(Read("GET", "/v2/health/ready") == "server.ready /v2/health/ready");
  CHECK(Read("GET", "/v2/models/llm") == "models.metadata /v2/models/llm");
  CHECK(Read("GET", "/v2/models/llm/ready") == "models.ready /v2/models/llm/ready");
  CHECK(Read("GET", "/v2/models/llm/versions/1") == "models.metadata /v2/models/llm/versions/1");
  CHECK(Read("POST", "/v2/models/llm/infer") == "models.infer /v2/models/llm/infer");
  CHECK(Read("POST", "/v2/models/llm/versions/1/infer") ==
        "models.infer /v2/models/llm/versions/1/infer");
  CHECK(ReadRestTarget("POST", "/v2/models/llm/generate_stream")->stream);
  CHECK_FALSE(ReadRestTarget("POST", "/v2/models/llm/generate")->stream);
  CHECK(Read("GET", "/v2/models/ready") == "models.metadata /v2/models/ready");
}

TEST_CASE("KServe over REST: what controls the server or its memory is refused", "[kserve]") {
  for (const char* path :
       {"/v2/repository/index", "/v2/repository/models/llm/load", "/v2/systemsharedmemory/status",
        "/v2/systemsharedmemory/region/a/register", "/v2/cudasharedmemory/status",
        "/v2/trace/setting", "/v2/models/llm/trace/setting", "/v2/logging"}) {
    CAPTURE(path);
    CHECK(Read("POST", path) == "PERMISSION_DENIED");
  }
}

TEST_CASE("KServe over REST: everything else is not found", "[kserve]") {
  for (const char* path :
       {"/v1/models", "/v2x", "/v2//", "/v2/models", "/v2/models//infer", "/v2/models/llm/config",
        "/v2/models/llm/infer/more", "/v2/health", "/v2/models/a%2Fb", "/v2/models/..",
        "/v2/models/a%3Fb", "/v2/models/llm/versions", "/v2/models/llm/versions/..",
        "/v2/health%2Flive"}) {
    CAPTURE(path);
    CHECK(Read("GET", path) == "NOT_FOUND");
  }
  CHECK(Read("GET", "/v2/models/llm/infer") == "NOT_FOUND");
  CHECK(Read("POST", "/v2/models/llm") == "NOT_FOUND");
}

}  // namespace
}  // namespace countersign::dialects::kserve
