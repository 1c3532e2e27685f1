#include "services/cli/sessions/delivered_text.h"

#include <catch2/catch.hpp>
#include <vector>

namespace countersign::cli::sessions {
namespace {

constexpr char kEvents[] = "text/event-stream; charset=utf-8";

std::string Read(const char* operation, const char* path, const char* type,
                 const std::vector<std::string>& pieces) {
  DeliveredText text(operation, path, type);
  std::string out;
  for (const std::string& piece : pieces) out += text.Feed(piece);
  return out + text.Finish();
}

TEST_CASE("DeliveredText: streams of chat completions, cut anywhere", "[cli]") {
  const std::string stream =
      "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a <EM\"}}]}\n\n"
      "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"AIL>\"}}]}\n\ndata: [DONE]\n\n";
  for (std::size_t i = 0; i <= stream.size(); ++i) {
    CHECK(Read("chat.completions", "/openai/v1/chat/completions", kEvents,
               {stream.substr(0, i), stream.substr(i)}) == "a <EMAIL>");
  }
}

TEST_CASE("DeliveredText: another choice begins on a line with its name", "[cli]") {
  const std::string text = Read(
      "chat.completions", "/v1/chat/completions", "application/json",
      {R"({"choices":[{"index":0,"message":{"content":"one"}},{"index":1,"message":{"content":"two"}}]})"});
  CHECK(text.find("one\n[") == 0);
  CHECK(text.find("] two") != std::string::npos);
}

TEST_CASE("DeliveredText: Anthropic's messages, by the path of the request", "[cli]") {
  CHECK(Read("messages", "/claude/v1/messages", kEvents,
             {"event: message_start\ndata: "
              "{\"type\":\"message_start\",\"message\":{\"content\":[]}}\n\n"
              "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
              "\"delta\":{\"type\":\"text_delta\",\"text\":\"hel\"}}\n\n",
              "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
              "\"delta\":{\"type\":\"text_delta\",\"text\":\"lo\"}}\n\n"
              "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"}) == "hello");
}

TEST_CASE("DeliveredText: the copies in a response are not shown again", "[cli]") {
  CHECK(Read("responses", "/v1/responses", kEvents,
             {"event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\","
              "\"item_id\":\"msg_1\",\"output_index\":0,\"content_index\":0,\"delta\":\"hi\"}\n\n"
              "event: response.output_text.done\ndata: {\"type\":\"response.output_text.done\","
              "\"item_id\":\"msg_1\",\"output_index\":0,\"content_index\":0,\"text\":\"hi\"}\n\n"
              "event: response.completed\ndata: {\"type\":\"response.completed\","
              "\"response\":{}}\n\n"}) == "hi");
}

TEST_CASE("DeliveredText: what has no known form, or no text, is given as it is", "[cli]") {
  CHECK(Read("models.list", "/v1/models", "application/json", {"{\"da", "ta\":[]}"}) ==
        "{\"data\":[]}");
  CHECK(Read("grpc", "/x.Y/Z", "application/grpc", {"ab", "c"}) == "abc");
  CHECK(Read("chat.completions", "/v1/chat/completions", "application/json", {"not JSON"}) ==
        "not JSON");
}

}  // namespace
}  // namespace countersign::cli::sessions
