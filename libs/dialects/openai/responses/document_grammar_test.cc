#include "libs/dialects/openai/responses/document_grammar.h"

#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "libs/dialects/openai/testing/response_streams.h"
#include "libs/dialects/testing/pass_pieces.h"
#include "libs/json/writer.h"

namespace countersign::dialects::openai::responses {
namespace {

using dialects::testing::PassPieces;
using openai::testing::OpenAnswer;

absl::StatusOr<std::string> TryPass(const std::string& body, const std::string& operation,
                                    const AnswerOptions& options = AnswerOptions()) {
  return PassPieces(*OpenAnswer(operation, false, options), {body});
}

std::string Pass(const std::string& body, const std::string& operation = "responses") {
  const auto passed = TryPass(body, operation);
  if (!passed.ok()) FAIL(passed.status());
  return *passed;
}

// A response with these items.
std::string Response(absl::string_view items) {
  return absl::StrCat(R"({"id":"resp_68a1c0ffee12","object":"response","created_at":1760000000,)"
                      R"("status":"completed","error":null,"model":"gpt-5","output":[)",
                      items, R"(],"usage":{"input_tokens":11,"output_tokens":7}})");
}

// One item of each kind that has texts, with `text` in them.
std::string AllItems(absl::string_view text) {
  return absl::StrReplaceAll(
      R"({"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text","text":"$"}],)"
      R"("content":[{"type":"reasoning_text","text":"$"}]},)"
      R"({"id":"msg_1","type":"message","role":"assistant","content":[)"
      R"({"type":"output_text","text":"$","annotations":[{"type":"url_citation","title":"$",)"
      R"("url":"https://a.example/$","start_index":0,"end_index":1}]},)"
      R"({"type":"refusal","refusal":"$"}]},)"
      R"({"id":"fc_1","type":"function_call","call_id":"call_1","name":"f","arguments":"{\"a\":\"$\"}"},)"
      R"({"id":"ctc_1","type":"custom_tool_call","call_id":"call_2","name":"g","input":"$"},)"
      R"({"id":"ci_1","type":"code_interpreter_call","code":"$","outputs":[{"type":"logs","logs":"$"}]},)"
      R"({"id":"mcp_1","type":"mcp_call","server_label":"s","name":"n","arguments":"{}","output":"$"},)"
      R"({"id":"ws_1","type":"web_search_call","action":{"type":"search","query":"$","queries":["$"]}},)"
      R"({"id":"sh_1","type":"shell_call","action":{"commands":["$"]}},)"
      R"({"id":"fs_1","type":"file_search_call","queries":["$"],"results":[{"text":"$","score":0.9}]})",
      {{"$", text}});
}

TEST_CASE("responses::DocumentGrammar: a response without a match is unchanged", "[dialects]") {
  const std::string body = Response(AllItems("plain"));
  CHECK(Pass(body) == body);
  AnswerOptions strict;
  strict.unknown_events = domain::UnknownEvents::kRefuse;
  CHECK(TryPass(body, "responses", strict).value() == body);
  const auto reader = OpenAnswer("responses", false);
  REQUIRE(PassPieces(*reader, {body}).ok());
  CHECK(reader->usage().input_tokens == 11);
  CHECK(reader->usage().output_tokens == 7);
}

TEST_CASE("responses::DocumentGrammar: the texts of every item are masked", "[dialects]") {
  CHECK(Pass(Response(AllItems("a SECRET b"))) == Response(AllItems("a <S> b")));
}

TEST_CASE("responses::DocumentGrammar: what the request said is masked in its echo, too",
          "[dialects]") {
  const std::string masked =
      Pass(R"({"object":"response","output":[],"instructions":"SECRET","metadata":{"a":"SECRET"},)"
           R"("tools":[{"type":"function","name":"f","description":"SECRET"}]})");
  CHECK_FALSE(absl::StrContains(masked, "SECRET"));
}

TEST_CASE("responses::DocumentGrammar: a match over texts that callers join ends the answer",
          "[dialects]") {
  const auto message = [](absl::string_view text) {
    return absl::StrCat(R"({"type":"message","content":[{"type":"output_text","text":")", text,
                        R"("}]})");
  };
  const std::string body = Response(absl::StrCat(message("a SEC"), ",", message("RET b")));
  CHECK(absl::IsFailedPrecondition(TryPass(body, "responses").status()));
}

TEST_CASE("responses::DocumentGrammar: sealed reasoning and pictures pass", "[dialects]") {
  std::string sealed;
  for (int i = 0; i < 400; ++i) {
    sealed +=
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[(i * i * 31 + i * 7) %
                                                                           64];
  }
  const std::string body = Response(
      absl::StrCat(R"({"type":"reasoning","summary":[],"encrypted_content":")", sealed, R"("})"));
  CHECK(Pass(body) == body);
}

TEST_CASE("responses::DocumentGrammar: what is kept of a response is read the same way",
          "[dialects]") {
  const std::string items =
      R"({"object":"list","data":[{"type":"message","content":[{"type":"input_text","text":"$"}]}],)"
      R"("first_id":"msg_1","last_id":"msg_1","has_more":false})";
  CHECK(Pass(absl::StrReplaceAll(items, {{"$", "SECRET"}}), "responses.input_items") ==
        absl::StrReplaceAll(items, {{"$", "<S>"}}));
  const std::string deleted = R"({"id":"resp_68a1c0ffee12","object":"response","deleted":true})";
  CHECK(Pass(deleted, "responses.delete") == deleted);
  const std::string count = R"({"object":"response.input_tokens","input_tokens":11})";
  CHECK(Pass(count, "responses.input_tokens") == count);
}

TEST_CASE("responses::DocumentGrammar: other bodies are refused where the profile says so",
          "[dialects]") {
  AnswerOptions strict;
  strict.unknown_events = domain::UnknownEvents::kRefuse;
  for (const char* body : {R"({"object":"thread"})", R"({"object":"list"})", "[]", "1"}) {
    CAPTURE(body);
    CHECK_FALSE(TryPass(body, "responses", strict).ok());
  }
}

}  // namespace
}  // namespace countersign::dialects::openai::responses
