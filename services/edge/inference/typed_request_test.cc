#include "services/edge/inference/typed_request.h"

#include <catch2/catch.hpp>
#include <limits>

#include "absl/strings/match.h"
#include "libs/base/status.h"
#include "libs/dialects/dialects.h"
#include "libs/domain/prompt.h"

namespace countersign::edge::inference {
namespace {

Prompt MakePrompt() {
  Prompt prompt;
  prompt.settings.model = "gpt-4o";
  prompt.messages = {{Role::kUser, "hi"}};
  return prompt;
}

TEST_CASE("WriteBody: what is absent is left out", "[inference]") {
  CHECK(WriteBody(MakePrompt()).value() ==
        R"({"model":"gpt-4o","messages":[{"role":"user","content":"hi"}],"stream":true,)"
        R"("stream_options":{"include_usage":true}})");
}

TEST_CASE("WriteBody: everything", "[inference]") {
  Prompt prompt = MakePrompt();
  prompt.settings.temperature = 0.5;
  prompt.settings.top_p = 1;
  prompt.settings.max_tokens = 7;
  prompt.settings.stop = {"a\"", "b"};
  prompt.settings.seed = -3;
  prompt.settings.user = "u";
  prompt.choices = 2;
  prompt.messages = {{Role::kSystem, "s"}, {Role::kDeveloper, "d"}, {Role::kAssistant, ""}};
  CHECK(WriteBody(prompt).value() ==
        R"({"model":"gpt-4o","messages":[{"role":"system","content":"s"},)"
        R"({"role":"developer","content":"d"},{"role":"assistant","content":""}],)"
        R"("temperature":0.5,"top_p":1,"max_tokens":7,"stop":["a\"","b"],"seed":-3,"user":"u",)"
        R"("n":2,"stream":true,"stream_options":{"include_usage":true}})");
}

TEST_CASE("WriteBody: Anthropic's messages", "[inference]") {
  Prompt prompt = MakePrompt();
  CHECK(WriteBody(prompt, Api::kMessages).value() ==
        R"({"model":"gpt-4o","messages":[{"role":"user","content":"hi"}],"max_tokens":4096,)"
        R"("stream":true})");
  prompt.settings.max_tokens = 7;
  prompt.settings.stop = {"a"};
  prompt.settings.user = "u";
  prompt.messages = {{Role::kSystem, "s"}, {Role::kDeveloper, "d"}, {Role::kUser, "hi"}};
  CHECK(WriteBody(prompt, Api::kMessages).value() ==
        R"({"model":"gpt-4o","system":[{"type":"text","text":"s"},{"type":"text","text":"d"}],)"
        R"("messages":[{"role":"user","content":"hi"}],"max_tokens":7,"stop_sequences":["a"],)"
        R"("metadata":{"user_id":"u"},"stream":true})");
  const auto refused = [&](auto&& make) {
    Prompt odd = prompt;
    make(odd);
    const auto violations = GetViolations(WriteBody(odd, Api::kMessages).status());
    return violations.size() == 1 ? violations[0].field : "";
  };
  CHECK(refused([](Prompt& p) { p.settings.seed = 1; }) == "settings.seed");
  CHECK(refused([](Prompt& p) { p.choices = 2; }) == "choices");
  CHECK(refused([](Prompt& p) {
          p.messages.push_back({Role::kSystem, "s"});
        }) == "messages[3].role");
  CHECK(refused([](Prompt& p) { p.messages.pop_back(); }) == "messages");
}

TEST_CASE("WriteBody: the dialect reads the same texts from it", "[inference]") {
  Prompt prompt = MakePrompt();
  prompt.messages = {{Role::kSystem, "be \"short\"\n"}, {Role::kUser, "caf\xc3\xa9 \x01 {}"}};
  dialects::IncomingRequest request;
  request.method = "POST";
  request.path = "/v1/chat/completions";
  request.body = WriteBody(prompt).value();
  const auto read = dialects::DefaultDialect().Read(request);
  REQUIRE(read.ok());
  CHECK(read->prompt->model == "gpt-4o");
  CHECK(read->prompt->stream);
  CHECK_FALSE(read->hide_usage);
  REQUIRE(read->prompt->parts.size() == 2);
  CHECK(read->prompt->parts[0].role == "system");
  CHECK(read->prompt->parts[0].text == prompt.messages[0].text);
  CHECK(read->prompt->parts[1].role == "user");
  CHECK(read->prompt->parts[1].text == prompt.messages[1].text);
}

TEST_CASE("WriteBody: mistakes name their field", "[inference]") {
  const auto mistake = [](auto&& make) {
    Prompt prompt = MakePrompt();
    make(prompt);
    const absl::Status status = WriteBody(prompt).status();
    CHECK(absl::IsInvalidArgument(status));
    REQUIRE(GetViolations(status).size() == 1);
    CHECK(absl::StartsWith(status.message(), GetViolations(status)[0].field));
    return std::string(status.message());
  };
  CHECK(mistake([](Prompt& p) { p.settings.model = ""; }) == "settings.model: is missing");
  CHECK(mistake([](Prompt& p) { p.messages.clear(); }) == "messages: is empty");
  CHECK(mistake([](Prompt& p) { p.messages[0].role = Role::kUnspecified; }) ==
        "messages[0].role: is missing or unknown");
  CHECK(mistake([](Prompt& p) { p.choices = 129; }) == "choices: is above 128");
  CHECK(mistake([](Prompt& p) { p.settings.top_p = std::numeric_limits<double>::infinity(); }) ==
        "settings.top_p: is not a finite number");
  CHECK(mistake([](Prompt& p) {
          p.settings.temperature = std::numeric_limits<double>::quiet_NaN();
        }) == "settings.temperature: is not a finite number");
}

}  // namespace
}  // namespace countersign::edge::inference
