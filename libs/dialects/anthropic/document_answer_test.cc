#include "libs/dialects/anthropic/document_answer.h"

#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/dialects/anthropic/dialect.h"
#include "libs/dialects/testing/pass_pieces.h"

namespace countersign::dialects::anthropic {
namespace {

absl::StatusOr<std::string> Pass(const std::string& body, DocumentAnswer::Options options = {},
                                 DocumentGrammar::ServesModel serves = nullptr) {
  DocumentAnswer reader(options, std::move(serves));
  return testing::PassPieces(reader, {body});
}

std::string Message(absl::string_view content) {
  return absl::StrCat(R"({ "id":"msg_1","type":"message","role":"assistant","content":[)", content,
                      R"(],"stop_reason":"end_turn","usage":{"input_tokens":777,)"
                      R"("cache_read_input_tokens":3,"output_tokens":5} })");
}

TEST_CASE("Anthropic's answers: a message without a match passes byte for byte", "[anthropic]") {
  const std::string body = Message(
      R"({"type":"thinking","thinking":"caf\u00e9","signature":"x"},{"type":"text","text":"a\/b",)"
      R"("citations":null}, {"type":"tool_use","id":"toolu_1","name":"f","input":{ "a" : [1, "b"] }})");
  DocumentAnswer reader({});
  CHECK(testing::PassPieces(reader, {body}).value() == body);
  CHECK(reader.usage().input_tokens == 780);
  CHECK(reader.usage().output_tokens == 5);
}

TEST_CASE("Anthropic's answers: texts, inputs of tools and results are masked", "[anthropic]") {
  CHECK(Pass(Message(R"({"type":"text","text":"a SECRET"},{"type":"tool_use","id":"t","name":"f",)"
                     R"("input":{"SECRET":["SECRET",{"x":"SECRET"}],"n":1}},)"
                     R"({"type":"web_search_tool_result","content":[{"title":"SECRET"}]})"))
            .value() ==
        Message(R"({"type":"text","text":"a <S>"},{"type":"tool_use","id":"t","name":"f",)"
                R"("input":{"<S>":["<S>",{"x":"<S>"}],"n":1}},)"
                R"({"type":"web_search_tool_result","content":[{"title":"<S>"}]})"));
}

TEST_CASE("Anthropic's answers: the texts of one content are one text", "[anthropic]") {
  CHECK(Pass(Message(R"({"type":"text","text":"a SEC"},{"type":"text","text":"RET b"})")).value() ==
        Message(R"({"type":"text","text":"a "},{"type":"text","text":"<S> b"})"));
}

TEST_CASE("Anthropic's answers: signed thinking with a match is emptied, or ends the answer",
          "[anthropic]") {
  const std::string body = Message(R"({"type":"thinking","thinking":"a SECRET","signature":"abc"},)"
                                   R"({"type":"thinking","thinking":"a SECRET","signature":""})");
  CHECK(Pass(body).value() == Message(R"({"type":"thinking","thinking":"","signature":"abc"},)"
                                      R"({"type":"thinking","thinking":"a <S>","signature":""})"));
  DocumentAnswer::Options options;
  options.signed_texts = answers::SignedTexts::kRefuse;
  CHECK(absl::IsFailedPrecondition(Pass(body, options).status()));
}

TEST_CASE("Anthropic's answers: a list of models has only those that the connection serves",
          "[anthropic]") {
  const auto serves = [](absl::string_view model) { return absl::StartsWith(model, "claude-4"); };
  CHECK(Pass(R"({"data":[{"type":"model","id":"claude-3"},{"type":"model","id":"claude-4"},)"
             R"({"id":"o"}],"has_more":true,"first_id":"claude-3","last_id":"o"})",
             {}, serves)
            .value() ==
        R"({"data":[{"type":"model","id":"claude-4"}],"has_more":true,"first_id":"claude-4",)"
        R"("last_id":"claude-4"})");
  CHECK(Pass(R"({"data":[{"id":"o"}],"has_more":false,"first_id":"o","last_id":"o"})", {}, serves)
            .value() == R"({"data":[],"has_more":false,"first_id":null,"last_id":null})");
  CHECK(Pass(R"({"data":[{"id":"o"}],"has_more":true,"first_id":"o","last_id":"o"})", {}, serves)
            .value() == R"({"data":[],"has_more":true,"first_id":"o","last_id":"o"})");
}

TEST_CASE("Anthropic's answers: results of a batch are fetched through the gateway",
          "[anthropic]") {
  CHECK(
      Pass(R"({"id":"msgbatch_1","type":"message_batch","results_url":"https://api/x"})").value() ==
      R"({"id":"msgbatch_1","type":"message_batch","results_url":)"
      R"("/v1/messages/batches/msgbatch_1/results"})");
  const std::string running = R"({"id":"b","type":"message_batch","results_url":null})";
  CHECK(Pass(running).value() == running);
}

TEST_CASE("Anthropic's answers: an answer of unknown form is masked, or refused", "[anthropic]") {
  const std::string odd = R"({"odd":"SECRET"})";
  CHECK(Pass(odd).value() == R"({"odd":"<S>"})");
  DocumentAnswer::Options options;
  options.refuse_unknown = true;
  CHECK(GetReason(Pass(odd, options).status()) == kUnknownEvent);
  for (const char* known : {R"({"input_tokens":5})", R"({"type":"model","id":"x"})",
                            R"({"data":[],"has_more":false,"first_id":null,"last_id":null})"}) {
    CHECK(Pass(known, options).value() == known);
  }
}

TEST_CASE("JsonLinesAnswer: each result of a batch is masked as an answer", "[anthropic]") {
  const AnthropicDialect dialect;
  domain::Prompt prompt;
  prompt.operation = "messages.batches.results";
  ReadCall call;
  call.prompt = std::make_shared<const domain::Prompt>(prompt);
  const auto pass = [&](const std::string& body) {
    const auto reader =
        dialect.OpenAnswer(call, AnswerHead{200, "application/x-jsonl"}, AnswerOptions());
    return testing::PassPieces(*reader, testing::SplitIntoBytes(body));
  };
  const auto line = [](absl::string_view text) {
    return absl::StrCat(R"({"custom_id":"a","result":{"type":"succeeded","message":{"type":)"
                        R"("message","content":[{"type":"text","text":")",
                        text, "\"}]}}}");
  };
  CHECK(
      pass(absl::StrCat(line("SEC"), "\n", line("RET"), "\n\n", line("a SECRET"), "\n")).value() ==
      absl::StrCat(line("SEC"), "\n", line("RET"), "\n\n", line("a <S>"), "\n"));
  CHECK(pass(line("x")).value() == line("x"));
  CHECK(absl::IsUnavailable(pass(absl::StrCat(line("x"), "\nnone\n")).status()));
}

}  // namespace
}  // namespace countersign::dialects::anthropic
