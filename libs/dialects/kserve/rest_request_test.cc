#include "libs/dialects/kserve/rest_request.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>
#include <tuple>

#include "absl/strings/match.h"
#include "libs/dialects/kserve/rest_generate.h"
#include "libs/dialects/kserve/rpc_request.h"
#include "libs/dialects/kserve/testing/messages.h"
#include "libs/dialects/kserve/testing/rest.h"
#include "libs/dialects/members/schema_table.h"
#include "libs/json/writer.h"

namespace countersign::dialects::kserve {
namespace {

using testing::BinaryTensor;
using testing::Bytes;
using testing::Element;
using testing::Frame;
using testing::JsonText;
using testing::Model;
using testing::Number;
using testing::Parameter;
using testing::RestRequest;
using testing::Tensor;

constexpr char kInfer[] = "/v2/models/llm/infer";

absl::StatusOr<ReadCall> Read(const std::string& json, const std::string& binary = "",
                              const std::string& path = kInfer) {
  return ReadRestCall(RestRequest(path, json, binary));
}

std::string Refusal(const std::string& json, const std::string& binary = "") {
  return std::string(Read(json, binary).status().message());
}

std::string Infer(const std::string& inputs, const std::string& more = "") {
  return absl::StrCat("{", more, "\"inputs\":[", inputs, "]}");
}

// The body after every text was replaced by `with`, and the size of its JSON.
std::pair<std::string, std::size_t> Replaced(const ReadCall& call, const std::string& with) {
  std::vector<Edit> edits;
  for (const members::TextPlace& place : call.places) {
    if (place.begin == place.end) continue;
    const bool raw = place.encoding == members::Encoding::kBytes;
    edits.push_back({place.begin, place.end, raw ? with : json::Quote(with)});
  }
  AddSizeEdits(call.sizes, edits);
  const std::size_t head = CountAfter(edits, call.head_size ? call.head_size->end : 0);
  return {Splice(call.body, std::move(edits), call.lengths).value(), head};
}

// Everything in a prompt, without the order.
auto Contents(const ReadCall& call) {
  std::vector<std::tuple<std::string, std::string, std::string>> all;
  for (const auto& part : call.prompt->parts) all.emplace_back(part.pointer, part.role, part.text);
  for (const auto& media : call.prompt->media) {
    all.emplace_back(media.pointer, media.type, media.sha256);
  }
  for (const auto& plain : call.prompt->members) all.emplace_back(plain.pointer, plain.json, "");
  std::sort(all.begin(), all.end());
  return all;
}

TEST_CASE("KServe over REST: a call reads as the same call over gRPC, in both forms", "[kserve]") {
  const std::string numbers("\1\0\0\0\xfe\xff\xff\xff", 8);
  const std::string texts = Element("{\"a\":1}") + Element("two");
  const std::string message = Model("llm", "r-1") + Parameter("max_tokens", Number(2, 70)) +
                              Parameter("stop", Bytes(3, "never")) +
                              Parameter("a name", Number(1, 1)) + Tensor("t", "BYTES", {2}) +
                              Tensor("n", "INT32", {2}) + Bytes(7, texts) + Bytes(7, numbers);
  IncomingRequest rpc;
  rpc.path = "/inference.GRPCInferenceService/ModelInfer";
  rpc.body = Frame(message);
  rpc.rpc = true;
  const auto over_grpc = ReadRpcCall(rpc);
  REQUIRE(over_grpc.ok());

  const std::string more =
      R"("id":"r-1","parameters":{"max_tokens":70,"stop":"never","a name":true},)";
  const auto json = Read(Infer(JsonText("t", 2, R"(["{\"a\":1}","two"])") +
                                   R"(,{"name":"n","datatype":"INT32","shape":[2],"data":[1,-2]})",
                               more));
  const auto binary = Read(
      Infer(BinaryTensor("t", "BYTES", 2, texts.size()) + "," + BinaryTensor("n", "INT32", 2, 8),
            more),
      texts + numbers);
  for (const auto& call : {json, binary}) {
    REQUIRE(call.ok());
    CHECK(Contents(*call) == Contents(*over_grpc));
    CHECK(call->prompt->parameters == over_grpc->prompt->parameters);
    CHECK(call->prompt->operation == "models.infer");
    CHECK(call->prompt->model == "llm");
    CHECK(call->upstream_path == kInfer);
    CHECK_FALSE(call->rpc);
  }
  CHECK(json->content_type == "application/json");
  CHECK(binary->content_type == "application/octet-stream");
}

TEST_CASE("KServe over REST: sizes are written anew around replaced texts", "[kserve]") {
  const auto body = [](const std::string& id, const std::string& text) {
    const std::string raw = Element(text) + Element("");
    const std::string json =
        Infer(BinaryTensor("a", "BYTES", 2, raw.size()) + "," + BinaryTensor("n", "INT8", 1, 1) +
                  "," + BinaryTensor("b", "BYTES", 1, Element(text).size()),
              absl::StrCat("\"id\":\"", id, "\","));
    return std::make_pair(json, raw + "\7" + Element(text));
  };
  const auto [json, binary] = body("r-1", "one");
  const auto call = Read(json, binary);
  REQUIRE(call.ok());
  for (const std::size_t size : {std::size_t{1}, std::size_t{300}}) {
    const std::string with(size, 'x');
    const auto [longer_json, longer_binary] = body(with, with);
    CHECK(Replaced(*call, with) == std::make_pair(longer_json + longer_binary, longer_json.size()));
  }
}

TEST_CASE("KServe over REST: tensors in nested arrays, and values of each datatype", "[kserve]") {
  const auto tensor = [](absl::string_view datatype, absl::string_view data) {
    return Read(Infer(absl::StrCat(R"({"name":"n","datatype":")", datatype,
                                   R"(","shape":[1,2],"data":)", data, "}")));
  };
  const auto nested = tensor("FP32", "[[1.5,2]]");
  REQUIRE(nested.ok());
  CHECK(nested->prompt->media[0].size == 8);
  CHECK(nested->prompt->media[0].sha256 == tensor("FP32", "[1.5,2.0]")->prompt->media[0].sha256);
  CHECK(tensor("BOOL", "[true,0]").ok());
  CHECK(tensor("UINT64", "[18446744073709551615,0]").ok());
  CHECK(tensor("INT8", "[-128,127]").ok());
  for (const auto& [datatype, data] :
       std::vector<std::pair<const char*, const char*>>{{"INT8", "[128,0]"},
                                                        {"UINT8", "[-1,0]"},
                                                        {"INT32", "[1.5,0]"},
                                                        {"FP32", "[1e39,0]"},
                                                        {"FP16", "[1,2]"},
                                                        {"FP32", "[\"a\",0]"},
                                                        {"BYTES", "[\"a\",1]"},
                                                        {"BOOL", "[2,0]"},
                                                        {"INT32", "1"},
                                                        {"FP32", "[null,null]"},
                                                        {"BYTES", "\"ab\""}}) {
    CAPTURE(datatype, data);
    CHECK(absl::IsInvalidArgument(tensor(datatype, data).status()));
  }
}

TEST_CASE("KServe over REST: unknown members are texts with all that is in them", "[kserve]") {
  const auto call =
      Read(Infer(R"({"name":"t","datatype":"BYTES","shape":[1],"data":["x"],"odd":7})",
                 R"("extra":{"deep":["SECRET",4111111111111111]},)"));
  REQUIRE(call.ok());
  const auto has = [&](absl::string_view pointer, absl::string_view text) {
    const auto& parts = call->prompt->parts;
    return std::any_of(parts.begin(), parts.end(), [&](const domain::TextPart& part) {
      return part.pointer == pointer && part.text == text;
    });
  };
  CHECK(has("/extra", "extra"));
  CHECK(has("/extra/deep", "deep"));
  CHECK(has("/extra/deep/0", "SECRET"));
  CHECK(has("/extra/deep/1", "4111111111111111"));
  CHECK(has("/inputs[0].odd", "7"));
}

TEST_CASE("KServe over REST: what does not fit is refused", "[kserve]") {
  const std::string one = BinaryTensor("a", "BYTES", 1, 5);
  CHECK(absl::StrContains(Refusal(Infer(JsonText("a", 2, R"(["x"])"))),
                          "inputs[0] has 1 values, and its shape says 2"));
  CHECK(absl::StrContains(Refusal(Infer(one), Element("ab")), "cut off"));
  CHECK(absl::StrContains(Refusal(Infer(one), Element("a") + "more"), "longer"));
  CHECK(absl::StrContains(Refusal(Infer(one), Element("a").substr(0, 4)), "cut off"));
  CHECK(absl::StrContains(Refusal(Infer(one)), "cut off"));
  CHECK(absl::StrContains(
      Refusal(Infer(JsonText("a", 1, R"(["x"])") + "," + JsonText("a", 1, R"(["y"])"))),
      "name of another"));
  CHECK(absl::StrContains(
      Refusal(Infer(R"({"name":"a","datatype":"TEXT","shape":[1],"data":[1]})")), "datatype"));
  CHECK(absl::StrContains(Refusal("{\"inputs\":[],\"inputs\":[]}"), "not valid JSON"));
  IncomingRequest request = RestRequest(kInfer, Infer(""));
  request.headers = {{"inference-header-content-length", "999"}};
  CHECK(absl::StrContains(ReadRestCall(request).status().message(), "does not fit"));
  request.headers = {{"content-encoding", "gzip"}};
  CHECK(absl::StrContains(ReadRestCall(request).status().message(), "gzip"));
  CHECK(absl::IsPermissionDenied(
      Read(Infer(R"({"name":"a","datatype":"BYTES","shape":[1],"parameters":)"
                 R"({"shared_memory_region":"r","shared_memory_byte_size":8}})"))
          .status()));
}

TEST_CASE("KServe over REST: a connection to a gRPC server has no /v2", "[kserve]") {
  domain::Connection connection;
  connection.url = "grpc://127.0.0.1:8001";
  IncomingRequest request;
  request.method = "GET";
  request.path = "/v2/health/live";
  request.connection = &connection;
  CHECK(absl::IsNotFound(ReadRestCall(request).status()));
  connection.url = "http://127.0.0.1:8000";
  CHECK(ReadRestCall(request)->prompt->operation == "server.live");
}

TEST_CASE("KServe over REST: Triton's generate extension", "[kserve]") {
  const auto call =
      Read(R"({"text_input":"hello","stop_words":["a","b"],"max_tokens":20,"stream":true,)"
           R"("parameters":{"temperature":0.5,"odd":"SECRET"}})",
           "", "/v2/models/llm/generate_stream");
  REQUIRE(call.ok());
  CHECK(call->prompt->stream);
  CHECK(call->prompt->operation == "models.infer");
  CHECK(call->prompt->parameters.at("max_tokens") == 20);
  CHECK(call->prompt->parameters.at("temperature") == 0.5);
  std::vector<std::pair<std::string, std::string>> texts;
  for (const auto& part : call->prompt->parts) texts.emplace_back(part.pointer, part.text);
  CHECK(std::count(texts.begin(), texts.end(),
                   std::make_pair(std::string("/inputs/text_input/0"), std::string("hello"))) == 1);
  CHECK(std::count(texts.begin(), texts.end(),
                   std::make_pair(std::string("/inputs/stop_words/1"), std::string("b"))) == 1);
  CHECK(std::count(texts.begin(), texts.end(),
                   std::make_pair(std::string("/parameters/odd"), std::string("SECRET"))) == 1);
  // MLServer takes tensors there.
  const auto tensors =
      Read(Infer(JsonText("prompt", 1, R"(["hi"])")), "", "/v2/models/llm/generate_stream");
  REQUIRE(tensors.ok());
  CHECK(tensors->prompt->parts[0].pointer == "/inputs/prompt/0");
}

TEST_CASE("GenerateSchema: the documentation contains its table", "[kserve]") {
  std::ifstream file(CS_WHAT_IS_JUDGED);
  REQUIRE(file.good());
  std::ostringstream page;
  page << file.rdbuf();
  const std::string table = absl::StrCat("## `", GenerateSchema().operation(), "`\n\n",
                                         members::FormatTable(GenerateSchema()));
  INFO("docs/what-is-judged.md must have:\n" << table);
  CHECK(absl::StrContains(page.str(), table));
}

}  // namespace
}  // namespace countersign::dialects::kserve
