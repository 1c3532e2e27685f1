#include "tests/faults/gateway_resources.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "libs/json/document.h"

namespace countersign::faults {
namespace {

constexpr char kOneCaller[] = R"(---
apiVersion: countersign/v1
kind: Identity
metadata: {name: caller}
spec: {kind: service, groups: [callers]}
---
apiVersion: countersign/v1
kind: RoleBinding
metadata: {name: callers}
spec: {role: caller, groups: [callers]}
---
apiVersion: countersign/v1
kind: Policy
metadata: {name: everything}
spec:
  then: {allow: {}}
---
apiVersion: countersign/v1
kind: Connection
metadata: {name: openai}
)";

}  // namespace

std::string StartForOneCaller(Gateway& gateway, const DemoModel& model, const std::string& more) {
  const std::string file = std::filesystem::path(gateway.data()).parent_path() / "resources.yaml";
  std::ofstream(file) << more << kOneCaller << "spec: {protocol: openai, url: '" << model.url()
                      << "/v1', default: true}\n";
  const Finished up = gateway.Up({"--config", file});
  INFO(up.output);
  REQUIRE(up.status == 0);
  const HttpReply created =
      gateway.Admin("authn.v1.KeyService/CreateKey", R"({"identity":"caller"})");
  INFO(created.body);
  REQUIRE(created.status == 200);
  return std::string(json::Document::Parse(created.body)->root()["key"].text());
}

}  // namespace countersign::faults
