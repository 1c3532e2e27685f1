#include "libs/dialects/pass_through/request.h"

#include <catch2/catch.hpp>

#include "libs/base/encoding.h"
#include "libs/crypto/hash.h"
#include "libs/dialects/members/masked_prompt.h"
#include "libs/dialects/pass_through/paths.h"

namespace countersign::dialects::pass_through {
namespace {

using Catch::Contains;

struct Fixture {
  Fixture() { connection.pass_through = {"/v1/files", "/v1/files/*", "/v1/rerank"}; }

  absl::StatusOr<ReadCall> Ask(const std::string& method, const std::string& path,
                               const std::string& type = "", const std::string& body = "",
                               const std::string& query = "") {
    IncomingRequest request{method, path, query, {}, body};
    if (!type.empty()) request.headers.emplace_back("Content-Type", type);
    request.connection = &connection;
    return Read(request);
  }

  domain::Connection connection;
};

std::vector<std::string> Texts(const ReadCall& call) {
  std::vector<std::string> texts;
  for (const domain::TextPart& part : call.prompt->parts) texts.push_back(part.text);
  return texts;
}

TEST_CASE_METHOD(Fixture, "IsListed: the paths of the connection that have one reading",
                 "[dialects]") {
  CHECK(IsListed(connection, "/v1/files"));
  CHECK(IsListed(connection, "/v1/files/file-1/content"));
  CHECK_FALSE(IsListed(connection, "/v1/file"));
  CHECK_FALSE(IsListed(connection, "/v1/images"));
  connection.pass_through = {"*", "/v1/*"};
  CHECK(IsListed(connection, "/v1/a:b@c.d"));
  for (const char* path : {"/v1/", "/v1/a//b", "/v1/a/", "/v1/../admin", "/v1/./a", "/v1/a%2fb",
                           "/v1/a%252e", "/v1/a b", "/v1/a\\b", "/v1/a;b", "/v2/a", "/", ""}) {
    INFO(path);
    CHECK_FALSE(IsListed(connection, path));
  }
  CHECK_FALSE(IsListed(connection, "/v1/" + std::string(1024, 'a')));
}

TEST_CASE_METHOD(Fixture, "Read: every string and number of JSON is text", "[dialects]") {
  const auto call = Ask("POST", "/v1/rerank", "application/json",
                        R"({"model":"m","top_n":2,"type":"p\u006cutonium","more":[{"id":"a b"}]})");
  REQUIRE(call.ok());
  CHECK(call->prompt->operation == "passThrough");
  CHECK(call->prompt->model == "m");
  CHECK(call->method == "POST");
  CHECK(call->upstream_path == "/rerank");
  CHECK_THAT(Texts(*call), Catch::VectorContains(std::string("plutonium")) &&
                               Catch::VectorContains(std::string("a b")) &&
                               Catch::VectorContains(std::string("type")) &&
                               Catch::VectorContains(std::string("/v1/rerank")));
  CHECK(call->prompt->parameters.at("top_n") == 2);
  CHECK(call->prompt->parameters.at("body_bytes") == static_cast<double>(call->body.size()));
  CHECK(call->places.size() == call->prompt->parts.size());
  CHECK_THAT(std::string(Ask("POST", "/v1/rerank", "application/json", "{").status().message()),
             Contains("not valid JSON"));
}

TEST_CASE_METHOD(Fixture, "Read: what is UTF-8 is text that can be masked, other bytes are media",
                 "[dialects]") {
  const std::string lines = "{\"a\":\"x\"}\n{\"a\":\"card\"}\n";
  const auto text = Ask("POST", "/v1/files", "application/jsonl", lines);
  REQUIRE(text.ok());
  CHECK(Texts(*text) == std::vector<std::string>{lines, "/v1/files"});
  CHECK(text->content_type == "application/jsonl");
  CHECK(text->places[0].end == lines.size());
  CHECK(members::WriteText(text->places[0], "masked").value() == "masked");

  const std::string type = "multipart/form-data; boundary=x";
  const std::string bytes = "--x\r\n\r\n\xff\xfe\r\n--x--";
  const auto media = Ask("POST", "/v1/files", type, bytes);
  REQUIRE(media.ok());
  CHECK(media->content_type == type);
  REQUIRE(media->prompt->media.size() == 1);
  CHECK(media->prompt->media[0].type == "multipart/form-data");
  CHECK(media->prompt->media[0].size == bytes.size());
  CHECK(media->prompt->media[0].sha256 == HexEncode(crypto::Sha256(bytes)));
  CHECK(Ask("POST", "/v1/files", "a/b\n", "x").status().code() ==
        absl::StatusCode::kInvalidArgument);
}

TEST_CASE_METHOD(Fixture, "Read: a request without a body, its path and query are judged",
                 "[dialects]") {
  const auto call = Ask("DELETE", "/v1/files/plutonium", "", "", "purpose=batch&limit=3");
  REQUIRE(call.ok());
  CHECK(call->upstream_path == "/files/plutonium?purpose=batch&limit=3");
  CHECK(Texts(*call) == std::vector<std::string>{"/v1/files/plutonium", "purpose=batch"});
  CHECK(absl::IsInvalidArgument(Ask("TRACE", "/v1/files").status()));
  CHECK(absl::IsNotFound(Ask("GET", "/v1/images").status()));
}

}  // namespace
}  // namespace countersign::dialects::pass_through
