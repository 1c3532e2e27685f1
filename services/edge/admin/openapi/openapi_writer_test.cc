#include "services/edge/admin/openapi/openapi_writer.h"

#include <catch2/catch.hpp>
#include <fstream>

#include "libs/json/document.h"
#include "services/edge/admin/openapi/openapi_document.h"

namespace countersign::edge::admin::openapi {
namespace {

// Those of testdata/things.proto.
google::protobuf::FileDescriptorSet Files() {
  std::ifstream input(CS_THINGS_DESCRIPTORS, std::ios::binary);
  google::protobuf::FileDescriptorSet files;
  REQUIRE(files.ParseFromIstream(&input));
  return files;
}

TEST_CASE("WriteOpenApi: methods that callers may use, with their comments and roles",
          "[edge][openapi]") {
  const auto document = json::Document::Parse(WriteOpenApi(Files(), "1.2.3"));
  INFO(document.status().ToString());
  REQUIRE(document.ok());
  const json::Value root = document->root();
  CHECK(root["openapi"].text() == "3.1.0");
  CHECK(root["info"]["version"].text() == "1.2.3");
  CHECK(root["tags"].at(0)["description"].text() == "Things. And more about them.");
  REQUIRE(root["paths"].size() == 2);
  const json::Value get = root["paths"]["/test.v1.ThingService/Get"]["post"];
  CHECK(get["operationId"].text() == "ThingService_Get");
  CHECK(get["summary"].text() == "Gets a thing");
  CHECK(get["description"].text() == "Gets a thing. Slowly.\nNeeds the role `auditor`.");
  CHECK(get["requestBody"]["content"]["application/json"]["schema"]["$ref"].text() ==
        "#/components/schemas/GetRequest");
  CHECK(get["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].text() ==
        "#/components/schemas/Thing");
  const json::Value watch = root["paths"]["/test.v1.ThingService/Watch"]["post"];
  CHECK(watch["responses"]["200"]["content"]["application/connect+json"].exists());
  CHECK(watch["description"].text() == "Follows things.\nAny verified caller.");
}

TEST_CASE("WriteOpenApi: schemas follow protobuf's JSON mapping", "[edge][openapi]") {
  const auto document = json::Document::Parse(WriteOpenApi(Files(), "1.2.3"));
  REQUIRE(document.ok());
  const json::Value schemas = document->root()["components"]["schemas"];
  CHECK_FALSE(schemas["Hidden"].exists());
  CHECK(schemas["GetRequest"]["properties"]["thingId"]["description"].text() == "which");
  const json::Value thing = schemas["Thing"]["properties"];
  CHECK(schemas["Thing"]["description"].text() == "One thing.");
  CHECK(thing["size"]["format"].text() == "int64");
  CHECK(thing["body"]["contentEncoding"].text() == "base64");
  CHECK(thing["state"]["$ref"].text() == "#/components/schemas/Thing.State");
  CHECK(thing["parts"]["items"]["$ref"].text() == "#/components/schemas/Thing");
  CHECK(thing["counts"]["additionalProperties"]["type"].text() == "integer");
  CHECK(thing["madeAt"]["format"].text() == "date-time");
  CHECK(schemas["Thing.State"]["enum"].size() == 2);
  CHECK(schemas["Thing.State"]["description"].text() == "`OPEN`: it is open");
}

TEST_CASE("OpenApiDocument: describes every RPC for users", "[edge][openapi]") {
  const auto document = json::Document::Parse(OpenApiDocument());
  INFO(document.status().ToString());
  REQUIRE(document.ok());
  const json::Value paths = document->root()["paths"];
  for (const absl::string_view path : {"/countersign.authn.v1.IdentityService/WhoAmI",
                                       "/countersign.authn.v1.KeyService/CreateKey",
                                       "/countersign.approval.v1.ReviewService/ApproveReview",
                                       "/countersign.policy.v1.ResourceService/Apply",
                                       "/countersign.recorder.v1.SessionService/ListSessions"}) {
    INFO(path);
    CHECK(paths[path]["post"].exists());
  }
  for (std::size_t i = 0; i < paths.size(); ++i) {
    INFO(paths.key(i));
    CHECK_FALSE(paths.at(i)["post"]["summary"].text().empty());
  }
  CHECK_FALSE(paths["/countersign.approval.v1.ReviewGateService/Join"].exists());
}

}  // namespace
}  // namespace countersign::edge::admin::openapi
