#include "libs/dialects/anthropic/request.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/dialects/members/masked_prompt.h"
#include "libs/dialects/testing/literal_masking.h"
#include "libs/json/document.h"
#include "libs/json/writer.h"

namespace countersign::dialects::anthropic {
namespace {

absl::StatusOr<ReadCall> Read(const std::string& body, const std::string& path = "/v1/messages") {
  return ReadRequest({"POST", path, "", {}, body});
}
absl::StatusOr<ReadCall> Get(const std::string& path, const std::string& method = "GET") {
  return ReadRequest({method, path, "", {}, ""});
}

std::vector<std::string> Parts(const ReadCall& call) {
  std::vector<std::string> parts;
  for (const domain::TextPart& part : call.prompt->parts) {
    parts.push_back(absl::StrCat(part.role, " ", part.text));
  }
  return parts;
}

const domain::TextPart& FindPart(const ReadCall& call, absl::string_view text) {
  const auto& parts = call.prompt->parts;
  const auto at = std::find_if(parts.begin(), parts.end(),
                               [&](const domain::TextPart& part) { return part.text == text; });
  REQUIRE(at != parts.end());
  return *at;
}

TEST_CASE("Anthropic's requests: messages become parts with role, pointer and decoded text",
          "[anthropic]") {
  const ReadCall call = Read(R"({"model":"claude-4","max_tokens":1024,"stream":true,
      "system":[{"type":"text","text":"be nice","cache_control":{"type":"ephemeral"}}],
      "messages":[{"role":"user","content":"h\u00e9llo"},
        {"role":"assistant","content":[{"type":"tool_use","id":"toolu_01A09q90qw90lq91","name":"f",
          "input":{"city":"Oslo"}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_01A09q90qw90lq91",
          "content":[{"type":"text","text":"rain"}]},{"type":"text","text":"so?"}]}],
      "tools":[{"name":"f","description":"d","input_schema":{"type":"object"}}],
      "metadata":{"user_id":"u1"},"stop_sequences":["END"]})")
                            .value();
  CHECK(Parts(call) == std::vector<std::string>{"system be nice", "user h\xc3\xa9llo",
                                                "assistant f", "assistant city", "assistant Oslo",
                                                "tool rain", "user so?", "system f", "system d",
                                                "user u1", "user END"});
  CHECK(call.prompt->parts[5].pointer == "/messages/2/content/0/content/0/text");
  CHECK(call.prompt->operation == "messages");
  CHECK(call.prompt->model == "claude-4");
  CHECK(call.prompt->stream);
  CHECK(call.prompt->tools == std::vector<std::string>{"f"});
  CHECK(call.prompt->parameters.at("max_tokens") == 1024);
  CHECK(call.prompt->parameters.at("max_completion_tokens") == 1024);
  CHECK(call.additions.empty());
  CHECK(call.method == "POST");
  CHECK(call.upstream_path == "/messages");
}

TEST_CASE("Anthropic's requests: the parts of a message are one text, results of tools another",
          "[anthropic]") {
  const ReadCall call = Read(R"({"model":"m","messages":[{"role":"user","content":[
      {"type":"text","text":"plu"},{"type":"tool_result","tool_use_id":"t","content":"a"},
      {"type":"text","text":"tonium"}]},{"role":"user","content":"next"}]})")
                            .value();
  const auto group = [&](absl::string_view text) { return FindPart(call, text).group; };
  CHECK(group("plu") == group("tonium"));
  CHECK(group("plu") == group("next"));
  CHECK(group("a") != group("plu"));
  CHECK(FindPart(call, "a").role == "tool");
}

TEST_CASE("Anthropic's requests: a picture is media of its declared type, a text document is text",
          "[anthropic]") {
  std::string png = "\x89PNG\r\n\x1a\n";
  for (int i = 0; i < 300; ++i) png += static_cast<char>(128 + i % 100);
  const auto block = [](absl::string_view type, absl::string_view media_type,
                        absl::string_view data) {
    return absl::StrCat(R"({"type":")", type, R"(","source":{"type":"base64","media_type":")",
                        media_type, R"(","data":)", json::Quote(data), "}}");
  };
  const ReadCall call =
      Read(absl::StrCat(R"({"model":"m","messages":[{"role":"user","content":[)",
                        block("image", "image/png", absl::Base64Escape(png)), ",",
                        block("image", "application/pdf", absl::Base64Escape(png)), ",",
                        block("document", "text/plain", "plain words"), ",",
                        block("image", "image/png", absl::Base64Escape("hidden words")), "]}]}"))
          .value();
  REQUIRE(call.prompt->media.size() == 2);
  CHECK(call.prompt->media[0].type == "image/png");
  CHECK(call.prompt->media[0].size == png.size());
  CHECK(call.prompt->media[0].pointer == "/messages/0/content/0/source/data");
  FindPart(call, "plain words");
  FindPart(call, "hidden words");
}

TEST_CASE("Anthropic's requests: words where an identifier or a signature should stand are text",
          "[anthropic]") {
  const ReadCall call = Read(R"({"model":"m","messages":[{"role":"one","content":[
      {"type":"two","id":"three"},{"type":"thinking","thinking":"four","signature":"five"},
      {"type":"redacted_thinking","data":"six"}]}],"tool_choice":{"type":"seven"},
      "service_tier":"eight"})")
                            .value();
  for (const char* word : {"one", "two", "three", "four", "five", "six", "seven", "eight"}) {
    FindPart(call, word);
  }
}

TEST_CASE("Anthropic's requests: signed thinking is not masked, but refuses the call",
          "[anthropic]") {
  const auto mask = [](const std::string& thinking) {
    const ReadCall call =
        Read(absl::StrCat(R"({"model":"m","messages":[{"role":"assistant","content":[)", thinking,
                          "]}]}"))
            .value();
    const members::PromptTexts texts = members::JoinPrompt(*call.prompt);
    testing::LiteralMasking masking;
    return members::ApplyToPrompt(call, texts,
                                  masking.Apply(members::AskAboutPrompt(texts, *call.prompt)));
  };
  CHECK(mask(R"({"type":"thinking","thinking":"a SECRET","signature":""})")->edits.size() == 1);
  CHECK(mask(R"({"type":"thinking","thinking":"a word","signature":"s"})")->edits.empty());
  const auto refused = mask(R"({"type":"thinking","thinking":"a SECRET","signature":"s"})");
  CHECK(absl::IsFailedPrecondition(refused.status()));
  CHECK(absl::StrContains(refused.status().message(), "/messages/0/content/0/thinking"));
}

TEST_CASE("Anthropic's requests: what Claude Code sends", "[anthropic]") {
  const std::string body =
      R"({"model":"claude-opus-4-1-20250805","messages":[{"role":"user","content":[
      {"type":"text","text":"<system-reminder>x</system-reminder>"},
      {"type":"text","text":"hi","cache_control":{"type":"ephemeral"}}]}],
      "system":[{"type":"text","text":"You are Claude Code.","cache_control":{"type":"ephemeral"}},
        {"type":"text","text":"Rules","cache_control":{"type":"ephemeral","ttl":"1h"}}],
      "tools":[{"name":"Bash","description":"runs","input_schema":{"type":"object","properties":
        {"command":{"type":"string","description":"c"}},"required":["command"],
        "additionalProperties":false,"$schema":"http://json-schema.org/draft-07/schema#"}}],
      "metadata":{"user_id":"user_abc_account__session_def"},"max_tokens":32000,
      "thinking":{"budget_tokens":31999,"type":"enabled"},
      "context_management":{"edits":[{"type":"clear_thinking_20251015","keep":"all"}]},
      "stream":true})";
  IncomingRequest request{"POST", "/v1/messages", "beta=true", {}, body};
  const ReadCall call = ReadRequest(request).value();
  CHECK(call.body == body);
  CHECK(call.upstream_path == "/messages?beta=true");
  for (const domain::TextPart& part : call.prompt->parts) {
    CAPTURE(part.pointer);
    CHECK_FALSE(absl::StrContains(part.pointer, "cache_control"));
    CHECK_FALSE(absl::StrContains(part.pointer, "context_management"));
    CHECK_FALSE(absl::StartsWith(part.pointer, "/thinking"));
  }
}

TEST_CASE("Anthropic's requests: a batch is one prompt with the texts of its entries",
          "[anthropic]") {
  const auto batch = [](absl::string_view second_model) {
    return Read(
        absl::StrCat(R"({"requests":[{"custom_id":"a","params":{"model":"m","max_tokens":5,)"
                     R"("stream":true,"messages":[{"role":"user","content":"one"}]}},)"
                     R"({"custom_id":"b","params":{"model":")",
                     second_model,
                     R"(","max_tokens":9,"messages":[{"role":"user","content":"two"}]}}]})"),
        "/v1/messages/batches");
  };
  const ReadCall call = batch("m").value();
  CHECK(call.prompt->operation == "messages.batches.create");
  CHECK(call.prompt->model == "m");
  CHECK_FALSE(call.prompt->stream);
  CHECK(call.prompt->parameters.at("max_tokens") == 9);
  CHECK(Parts(call) == std::vector<std::string>{"user a", "user one", "user b", "user two"});
  // Entries are conversations of their own.
  CHECK(FindPart(call, "one").group != FindPart(call, "two").group);
  CHECK(absl::IsInvalidArgument(batch("other").status()));
  CHECK(absl::IsInvalidArgument(Read(R"({"requests":[]})", "/v1/messages/batches").status()));
  CHECK(
      absl::StrContains(Read(R"({"requests":[{"params":{"messages":[]}}]})", "/v1/messages/batches")
                            .status()
                            .message(),
                        "requests[0].params.model"));
}

TEST_CASE("Anthropic's requests: other requests", "[anthropic]") {
  const auto check = [](const absl::StatusOr<ReadCall>& call, absl::string_view operation,
                        absl::string_view path) {
    REQUIRE(call.ok());
    CHECK(call->prompt->operation == operation);
    CHECK(call->upstream_path == path);
  };
  check(Get("/v1/models"), "models.list", "/models");
  check(Get("/v1/models/"), "models.list", "/models");
  check(Get("/v1/models/claude-opus-4-1"), "models.get", "/models/claude-opus-4-1");
  CHECK(Get("/v1/models/claude-opus-4-1")->prompt->model == "claude-opus-4-1");
  check(Get("/v1/messages/batches"), "messages.batches.list", "/messages/batches");
  check(Get("/v1/messages/batches/msgbatch_1"), "messages.batches.get",
        "/messages/batches/msgbatch_1");
  check(Get("/v1/messages/batches/msgbatch_1/results"), "messages.batches.results",
        "/messages/batches/msgbatch_1/results");
  check(Get("/v1/messages/batches/msgbatch_1/cancel", "POST"), "messages.batches.cancel",
        "/messages/batches/msgbatch_1/cancel");
  check(Get("/v1/messages/batches/msgbatch_1", "DELETE"), "messages.batches.delete",
        "/messages/batches/msgbatch_1");
  check(Read(R"({"model":"m","messages":[]})", "/v1/messages/count_tokens"),
        "messages.count_tokens", "/messages/count_tokens");
  CHECK(absl::IsPermissionDenied(Get("/v1/files").status()));
  CHECK(absl::IsPermissionDenied(Get("/v1/files/file_1/content").status()));
  for (const char* path :
       {"/v1/complete", "/v1", "/v1/messages", "/v1/models/a/b", "/v1/models/a%2Fb",
        "/v1/messages/batches/a/results/b", "/v1/messages/batches/a%2F..", "/v1/messages/batches/",
        "/v2/messages", "/v1/chat/completions"}) {
    CAPTURE(path);
    const auto call = Get(path);
    CHECK((absl::IsNotFound(call.status()) || call->prompt->operation == "messages.batches.list"));
  }
}

TEST_CASE("Anthropic's requests: the version stands in the connection's URL or is added",
          "[anthropic]") {
  domain::Connection connection;
  IncomingRequest request{"GET", "/v1/models", "", {}, "", true, false, &connection};
  connection.url = "https://api.anthropic.com";
  CHECK(ReadRequest(request)->upstream_path == "/v1/models");
  connection.url = "https://api.anthropic.com/v1";
  CHECK(ReadRequest(request)->upstream_path == "/models");
  connection.url = "https://a/anthropic/v1?x=1";
  CHECK(ReadRequest(request)->upstream_path == "/models");
}

TEST_CASE("Anthropic's requests: an invalid body is refused with the member at fault",
          "[anthropic]") {
  const auto refused = [](const std::string& body, absl::string_view what) {
    const absl::Status status = Read(body).status();
    CAPTURE(body, status);
    CHECK(absl::IsInvalidArgument(status));
    CHECK(absl::StrContains(status.message(), what));
  };
  refused("", "JSON");
  refused("[]", "the body");
  refused(R"({"messages":[]})", "\"model\"");
  refused(R"({"model":"m"})", "\"messages\"");
  refused(R"({"model":"m","messages":[{}]})", "messages[0].role");
  refused(R"({"model":"m","messages":[],"stream":"yes"})", "\"stream\"");
  refused(R"({"model":"m","messages":[],"max_tokens":"5"})", "\"max_tokens\"");
  refused(R"({"model":"m","model":"n","messages":[]})", "duplicate");
  CHECK(absl::IsInvalidArgument(ReadRequest({"POST",
                                             "/v1/messages",
                                             "",
                                             {{"content-encoding", "gzip"}},
                                             R"({"model":"m","messages":[]})"})
                                    .status()));
}

}  // namespace
}  // namespace countersign::dialects::anthropic
