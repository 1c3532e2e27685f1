#include "libs/dialects/grpc_service/dialect.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "libs/dialects/grpc_service/testing/chat_service.h"
#include "libs/dialects/splice.h"

namespace countersign::dialects::grpc_service {
namespace {

using testing::Field;
using testing::Frames;
using testing::Number;

domain::Connection ChatConnection() {
  domain::Connection connection;
  connection.name = "chat";
  connection.schema = testing::ChatSchema();
  return connection;
}

absl::StatusOr<ReadCall> Read(const std::string& path, const std::string& body,
                              const domain::Connection& connection = ChatConnection()) {
  IncomingRequest request;
  request.method = "POST";
  request.path = path;
  request.body = body;
  request.rpc = true;
  request.connection = &connection;
  return GrpcServiceDialect().Read(request);
}

std::string Error(const std::string& path, const std::string& body) {
  return std::string(Read(path, body).status().message());
}

TEST_CASE("GrpcServiceDialect: texts, roles and the model of a request", "[grpc_service]") {
  const std::string message = Field(1, "m1") + Field(2, Field(1, "system") + Field(2, "be kind")) +
                              Field(2, Field(1, "user") + Field(2, "hello"));
  const auto call = Read("/chat.Chat/Ask", Frames({message}));
  INFO(call.status());
  REQUIRE(call.ok());
  const domain::Prompt& prompt = *call->prompt;
  CHECK(prompt.operation == "/chat.Chat/Ask");
  CHECK(prompt.model == "m1");
  CHECK_FALSE(prompt.stream);
  REQUIRE(prompt.parts.size() == 5);
  CHECK(prompt.parts[2].pointer == "turns[0].content");
  CHECK(prompt.parts[2].text == "be kind");
  CHECK(prompt.parts[2].role == "system");
  CHECK(prompt.parts[4].role == "user");
  CHECK(call->upstream_path == "/chat.Chat/Ask");
  CHECK(call->rpc);
}

TEST_CASE("GrpcServiceDialect: numbers are members, opaque bytes and long lists are media",
          "[grpc_service]") {
  const std::string message = Field(4, "\x89PNG") + Field(7, std::string(80, '\1')) +
                              Field(7, std::string("\0\0\x80\x3f", 4)) + Field(1, "");
  const auto call = Read("/chat.Chat/Ask", Frames({message}));
  REQUIRE(call.ok());
  CHECK(call->prompt->parts.empty());
  REQUIRE(call->prompt->media.size() == 2);
  CHECK(call->prompt->media[0].pointer == "image");
  CHECK(call->prompt->media[0].size == 4);
  CHECK(call->prompt->media[1].pointer == "weights");
  REQUIRE(call->prompt->members.size() == 2);
  CHECK(call->prompt->members[0].json == R"("")");
  CHECK(call->prompt->members[1].json == "[1]");
}

TEST_CASE("GrpcServiceDialect: a text is replaced with the lengths of all that is around it",
          "[grpc_service]") {
  const std::string message = Field(2, Field(2, "abc")) + Field(6, Field(1, "k") + Field(2, "v"));
  const auto call = Read("/chat.Chat/Collect", Frames({message, message}));
  REQUIRE(call.ok());
  REQUIRE(call->prompt->parts.size() == 6);
  CHECK(call->prompt->parts[3].pointer == "[1].turns[0].content");
  CHECK(call->prompt->parts[5].pointer == R"([1].labels["k"])");
  std::vector<Edit> edits;
  edits.push_back({call->places[3].begin, call->places[3].end, "longer"});
  CHECK(*Splice(call->body, edits, call->lengths) ==
        Frames({message, Field(2, Field(2, "longer")) + Field(6, Field(1, "k") + Field(2, "v"))}));
}

TEST_CASE("GrpcServiceDialect: only the connection's fields are texts", "[grpc_service]") {
  domain::Connection connection = ChatConnection();
  connection.request_texts = {"turns.content"};
  const auto call =
      Read("/chat.Chat/Ask", Frames({Field(1, "m") + Field(2, Field(1, "tool") + Field(2, "t"))}),
           connection);
  REQUIRE(call.ok());
  REQUIRE(call->prompt->parts.size() == 1);
  CHECK(call->prompt->parts[0].role == "tool");
  CHECK(call->prompt->model == "m");
  CHECK(call->prompt->members[0].json == R"("m")");
}

TEST_CASE("GrpcServiceDialect: what cannot be read or judged is refused with why",
          "[grpc_service]") {
  CHECK(Error("/chat.Chat/Ask", Frames({Field(1, "\xff")})) ==
        "the message is no chat.ChatRequest: model: a string is not UTF-8");
  CHECK(absl::StrContains(Error("/chat.Chat/Ask", Frames({Number(5, 1)})),
                          "prompt_token_ids[0] has ids of tokens"));
  CHECK(Error("/chat.Chat/Collect", Frames({Field(1, "a"), Field(1, "b")})) ==
        "the messages name different models");
  CHECK(Error("/chat.Chat/Other", "") == R"(connection "chat" has no method /chat.Chat/Other)");
  CHECK(absl::IsNotFound(Read("/chat.Chat/Other", "").status()));
}

TEST_CASE("GrpcServiceDialect: unknown fields of a request are judged", "[grpc_service]") {
  const auto call = Read("/chat.Chat/Ask", Frames({Field(9, "hidden")}));
  REQUIRE(call.ok());
  REQUIRE(call->prompt->parts.size() == 1);
  CHECK(call->prompt->parts[0].pointer == "9[0]");
  CHECK(call->prompt->parts[0].text == "hidden");
}

TEST_CASE("GrpcServiceDialect: where both sides stream a message is read on its own",
          "[grpc_service]") {
  const auto call = Read("/chat.Chat/Talk", Frames({Field(2, Field(2, "hi"))}));
  REQUIRE(call.ok());
  REQUIRE(call->prompt->parts.size() == 1);
  CHECK(call->prompt->parts[0].pointer == "turns[0].content");
  CHECK(call->prompt->stream);
  CHECK(Read("/chat.Chat/Talk", "").ok());
}

TEST_CASE("GrpcServiceDialect: how many messages a method takes", "[grpc_service]") {
  const domain::Connection connection = ChatConnection();
  const GrpcServiceDialect dialect;
  CHECK(dialect.FindRpc(connection, "/chat.Chat/Ask") == RpcRequest::kOneMessage);
  CHECK(dialect.FindRpc(connection, "/chat.Chat/Stream") == RpcRequest::kOneMessage);
  CHECK(dialect.FindRpc(connection, "/chat.Chat/Collect") == RpcRequest::kAllMessages);
  CHECK(dialect.FindRpc(connection, "/chat.Chat/Talk") == RpcRequest::kTwoWay);
  CHECK(dialect.FindRpc(connection, "/chat.Chat/Other") == std::nullopt);
}

}  // namespace
}  // namespace countersign::dialects::grpc_service
