#include "services/cli/simulation/recorded_call.h"

#include <catch2/catch.hpp>

#include "libs/domain/event_payload.h"

namespace countersign::cli::simulation {
namespace {

domain::Connection OpenAi() {
  domain::Connection connection;
  connection.name = "openai";
  connection.protocol = domain::Protocol::kOpenAi;
  return connection;
}

// A call as the recorder stores it.
std::string Recorded(const std::string& body, std::vector<domain::TextPart> parts) {
  auto prompt = std::make_shared<domain::Prompt>();
  prompt->operation = "chat.completions";
  prompt->model = "gpt-4o";
  prompt->parts = std::move(parts);
  domain::SessionStart start;
  start.connection = "openai";
  start.prompt = prompt;
  start.method = "POST";
  start.path = "/openai/v1/chat/completions";
  start.body = body;
  domain::Principal principal;
  principal.issuer = "countersign";
  principal.subject = principal.identity = "ann";
  principal.kind = domain::IdentityKind::kAgent;
  principal.groups = {"engineering", "agents"};
  return domain::RequestPayload(start, principal);
}

constexpr char kBody[] =
    R"({"model":"gpt-4o","max_tokens":7,"messages":[{"role":"user","content":[)"
    R"({"type":"text","text":"blue"},{"type":"text","text":"bird"}]}]})";

domain::TextPart Part(const std::string& pointer, const std::string& text) {
  domain::TextPart part;
  part.role = "user";
  part.pointer = pointer;
  part.text = text;
  return part;
}

std::vector<domain::TextPart> Parts() {
  return {Part("/messages/0/content/0/text", "blue"), Part("/messages/0/content/1/text", "bird")};
}

TEST_CASE("ReadRecordedCall: who called, with which groups, and what", "[cli]") {
  const auto call = ReadRecordedCall(Recorded(kBody, Parts()));
  REQUIRE(call.ok());
  CHECK(call->principal.identity == "ann");
  CHECK(call->principal.kind == domain::IdentityKind::kAgent);
  CHECK(call->principal.groups == std::vector<std::string>{"engineering", "agents"});
  CHECK(call->connection == "openai");
  CHECK(call->body == kBody);
  CHECK(call->prompt.parts.size() == 2);
}

TEST_CASE("ReadRecordedCall: bodies that are no text come back as they were", "[cli]") {
  const std::string body("\xff\x00{", 3);
  const auto call = ReadRecordedCall(Recorded(body, {}));
  REQUIRE(call.ok());
  CHECK(call->body == body);
}

TEST_CASE("ReadRecordedCall: refuses what is no request", "[cli]") {
  CHECK_FALSE(ReadRecordedCall(R"({"verdict":"allow"})").ok());
  CHECK_FALSE(ReadRecordedCall("{").ok());
}

TEST_CASE("ReadPromptAgain: reads parameters and the groups of texts, which are not recorded",
          "[cli]") {
  const auto call = ReadRecordedCall(Recorded(kBody, Parts()));
  REQUIRE(call.ok());
  const auto prompt = ReadPromptAgain(*call, OpenAi());
  INFO(prompt.status());
  REQUIRE(prompt.ok());
  CHECK(prompt->parameters.at("max_tokens") == 7);
  REQUIRE(prompt->parts.size() == 2);
  CHECK(prompt->parts[0].group != 0);
  CHECK(prompt->parts[0].group == prompt->parts[1].group);
}

TEST_CASE("ReadPromptAgain: takes the texts of the query from the record", "[cli]") {
  std::vector<domain::TextPart> parts = Parts();
  parts.push_back(Part("/?note", "note=hello"));
  const auto call = ReadRecordedCall(Recorded(kBody, parts));
  const auto prompt = ReadPromptAgain(*call, OpenAi());
  INFO(prompt.status());
  REQUIRE(prompt.ok());
  REQUIRE(prompt->parts.size() == 3);
  CHECK(prompt->parts[2].text == "note=hello");
}

TEST_CASE("ReadPromptAgain: a prompt that is not the recorded one is not judged", "[cli]") {
  std::vector<domain::TextPart> parts = Parts();
  parts[1].text = "fish";
  CHECK(absl::IsFailedPrecondition(
      ReadPromptAgain(*ReadRecordedCall(Recorded(kBody, parts)), OpenAi()).status()));
  CHECK(absl::IsFailedPrecondition(
      ReadPromptAgain(*ReadRecordedCall(Recorded(kBody, {Parts()[0]})), OpenAi()).status()));
  CHECK(absl::IsInvalidArgument(
      ReadPromptAgain(*ReadRecordedCall(Recorded("{", Parts())), OpenAi()).status()));
}

TEST_CASE("ReadPromptAgain: by the dialect of the connection", "[cli]") {
  domain::Connection connection;
  connection.name = "claude";
  connection.protocol = domain::Protocol::kAnthropic;
  RecordedCall call;
  call.method = "POST";
  call.path = "/claude/v1/messages";
  call.body = R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hello"}]})";
  call.prompt.operation = "messages";
  call.prompt.model = "m";
  call.prompt.parts = {Part("/messages/0/content", "hello")};
  const auto prompt = ReadPromptAgain(call, connection);
  INFO(prompt.status());
  REQUIRE(prompt.ok());
  CHECK(prompt->parameters.at("max_tokens") == 9);
  connection.protocol = domain::Protocol::kOpenAi;
  CHECK_FALSE(ReadPromptAgain(call, connection).ok());
}

TEST_CASE("ReadPromptAgain: paths below a connection's prefix, and without one", "[cli]") {
  domain::Connection connection = OpenAi();
  connection.path_prefix = "/team/";
  auto call = ReadRecordedCall(Recorded(kBody, Parts()));
  for (const char* path : {"/v1/chat/completions", "/team/v1/chat/completions"}) {
    call->path = path;
    CAPTURE(path);
    CHECK(ReadPromptAgain(*call, connection).ok());
  }
}

TEST_CASE("ReadPromptAgain: what passed through, whose type is not recorded", "[cli]") {
  domain::Connection connection = OpenAi();
  connection.pass_through = {"/v1/files"};
  RecordedCall call;
  call.method = "POST";
  call.path = "/openai/v1/files";
  call.prompt.operation = "passThrough";
  const domain::TextPart path = Part("/:path", "/v1/files");
  call.body = R"({"purpose":"batch"})";
  call.prompt.parts = {Part("/purpose", "purpose"), Part("/purpose", "batch"), path};
  const auto document = ReadPromptAgain(call, connection);
  REQUIRE(document.ok());
  CHECK(document->parameters.at("body_bytes") == 19);
  call.prompt.parts = {Part("", call.body), path};
  CHECK(ReadPromptAgain(call, connection).ok());
  call.prompt.parts = {Part("", "another"), path};
  CHECK_FALSE(ReadPromptAgain(call, connection).ok());
  connection.pass_through.clear();
  CHECK_FALSE(ReadPromptAgain(call, connection).ok());
}

}  // namespace
}  // namespace countersign::cli::simulation
