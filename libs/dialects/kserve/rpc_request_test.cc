#include "libs/dialects/kserve/rpc_request.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "libs/dialects/kserve/testing/messages.h"

namespace countersign::dialects::kserve {
namespace {

using testing::Bytes;
using testing::Element;
using testing::Frame;
using testing::Model;
using testing::Number;
using testing::Parameter;
using testing::Tensor;
using testing::Text;

constexpr char kInfer[] = "/inference.GRPCInferenceService/ModelInfer";

absl::StatusOr<ReadCall> Read(const std::string& message, const std::string& path = kInfer) {
  IncomingRequest request;
  request.method = "POST";
  request.path = path;
  request.body = Frame(message);
  request.rpc = true;
  return ReadRpcCall(request);
}

std::string Refusal(const std::string& message) {
  return std::string(Read(message).status().message());
}

// The message after every text was replaced by `with`.
std::string Replaced(const ReadCall& call, const std::string& with) {
  std::vector<Edit> edits;
  for (const members::TextPlace& place : call.places) {
    if (place.begin != place.end) edits.push_back({place.begin, place.end, with});
  }
  return Splice(call.body, std::move(edits), call.lengths).value();
}

TEST_CASE("KServe: elements of BYTES tensors are texts, in contents", "[kserve]") {
  const auto call = Read(Model("llm", "r-1") + Text("text_input", "hello") +
                         Tensor("more", "BYTES", {2, 1}, Bytes(8, "a") + Bytes(8, "b")));
  REQUIRE(call.ok());
  CHECK(call->rpc);
  CHECK(call->prompt->operation == "models.infer");
  CHECK(call->prompt->model == "llm");
  const auto& parts = call->prompt->parts;
  REQUIRE(parts.size() == 4);
  CHECK(parts[0].pointer == "/id");
  CHECK(parts[1].pointer == "/inputs/text_input/0");
  CHECK(parts[1].text == "hello");
  CHECK(parts[1].role == "user");
  CHECK(parts[3].pointer == "/inputs/more/1");
  const std::string longer(300, 'x');
  CHECK(Replaced(*call, longer) ==
        Frame(Model("llm", longer) + Text("text_input", longer) +
              Tensor("more", "BYTES", {2, 1}, Bytes(8, longer) + Bytes(8, longer))));
}

TEST_CASE("KServe: elements of BYTES tensors are texts, in raw buffers", "[kserve]") {
  const std::string head = Model("llm") + Tensor("a", "BYTES", {2}) + Tensor("n", "INT32", {1}) +
                           Tensor("b", "BYTES", {1});
  const std::string numbers = Bytes(7, std::string("\1\0\0\0", 4));
  const auto call =
      Read(head + Bytes(7, Element("one") + Element("")) + numbers + Bytes(7, Element("two")));
  REQUIRE(call.ok());
  const auto& parts = call->prompt->parts;
  REQUIRE(parts.size() == 2);
  CHECK(parts[0].pointer == "/inputs/a/0");
  CHECK(parts[1].pointer == "/inputs/b/0");
  REQUIRE(call->prompt->media.size() == 1);
  CHECK(call->prompt->media[0].pointer == "/inputs/n");
  CHECK(call->prompt->media[0].type == "application/x-tensor; datatype=INT32; shape=1");
  CHECK(call->prompt->media[0].size == 4);
  const std::string longer(300, 'x');
  CHECK(Replaced(*call, longer) == Frame(head + Bytes(7, Element(longer) + Element("")) + numbers +
                                         Bytes(7, Element(longer))));
}

TEST_CASE("KServe: parameters are texts or numbers, and unknown fields are texts", "[kserve]") {
  const auto call = Read(Model("llm") + Parameter("max_tokens", Number(2, 70)) +
                         Parameter("stop", Bytes(3, "never")) + Bytes(15, "unknown"));
  REQUIRE(call.ok());
  CHECK(call->prompt->parameters.at("max_tokens") == 70);
  REQUIRE(call->prompt->parts.size() == 2);
  CHECK(call->prompt->parts[0].text == "never");
  CHECK(call->prompt->parts[1].text == "unknown");
}

TEST_CASE("KServe: a parameter's name that could be text cannot be replaced", "[kserve]") {
  const auto call = Read(Model("llm") + Parameter("my card is 4111", Number(1, 1)));
  REQUIRE(call.ok());
  REQUIRE(call->prompt->parts.size() == 1);
  CHECK(call->places[0].begin == call->places[0].end);
}

TEST_CASE("KServe: bytes that are no text are media, and unknown ones are read as text",
          "[kserve]") {
  const std::string png = "\x89PNG\r\n\x1a\n\xff\xff";
  const auto call = Read(Model("llm") + Text("image", png) + Text("other", "\xff SECRET"));
  REQUIRE(call.ok());
  CHECK(call->prompt->media.size() == 2);
  REQUIRE(call->prompt->parts.size() == 1);
  CHECK(call->prompt->parts[0].text == "\xef\xbf\xbd SECRET");
  CHECK(call->places[0].begin == call->places[0].end);
}

TEST_CASE("KServe: tensors that do not fit their shapes are refused", "[kserve]") {
  const std::string model = Model("llm");
  CHECK(absl::StrContains(Refusal(model + Tensor("a", "BYTES", {2}, Bytes(8, "x"))),
                          "inputs[0] has 1 values, and its shape says 2"));
  CHECK(absl::StrContains(Refusal(model + Tensor("a", "BYTES", {1}) + Bytes(7, "\x05\0\0\0ab")),
                          "cut off"));
  CHECK(absl::StrContains(Refusal(model + Tensor("a", "INT32", {1}) + Bytes(7, "abc")), "cut off"));
  CHECK(absl::StrContains(Refusal(model + Tensor("a", "FP32", {1}, Bytes(8, "x"))),
                          "is FP32, but has bytes_contents"));
  CHECK(absl::StrContains(Refusal(model + Tensor("a", "TEXT", {1}, Bytes(8, "x"))), "datatype"));
  CHECK(absl::StrContains(Refusal(model + Text("a", "x") + Text("a", "y")), "name of another"));
  CHECK(absl::StrContains(Refusal(model + Text("a", "x") + Bytes(7, Element("y"))),
                          "has contents, although there are raw_input_contents"));
  CHECK(absl::StrContains(Refusal(model + Tensor("a", "BYTES", {1}) + Tensor("b", "BYTES", {1}) +
                                  Bytes(7, Element("y"))),
                          "1 raw_input_contents for 2 tensors"));
  CHECK(absl::StrContains(
      Refusal(model + Tensor("a", "BYTES", {std::uint64_t{1} << 40, std::uint64_t{1} << 40})),
      "shape"));
  CHECK(absl::StrContains(Refusal(Text("a", "x")), "model_name"));
}

TEST_CASE("KServe: what cannot be seen or controls the server is refused", "[kserve]") {
  const auto shared =
      Read(Model("llm") +
           Tensor("a", "BYTES", {1}, "", Parameter("shared_memory_region", Bytes(3, "region"))));
  CHECK(absl::IsPermissionDenied(shared.status()));
  const auto read = [](absl::string_view method) {
    return Read("", absl::StrCat("/inference.GRPCInferenceService/", method)).status();
  };
  CHECK(absl::IsPermissionDenied(read("RepositoryModelLoad")));
  CHECK(absl::IsPermissionDenied(read("SystemSharedMemoryRegister")));
  CHECK(absl::IsPermissionDenied(read("TraceSetting")));
  CHECK(absl::IsNotFound(read("ModelTrain")));
  CHECK(read("ServerLive").ok());
}

TEST_CASE("KServe: a body of several messages is refused", "[kserve]") {
  IncomingRequest request;
  request.path = kInfer;
  request.body = Frame(Model("a")) + Frame(Model("b"));
  request.rpc = true;
  CHECK(absl::IsInvalidArgument(ReadRpcCall(request).status()));
}

}  // namespace
}  // namespace countersign::dialects::kserve
