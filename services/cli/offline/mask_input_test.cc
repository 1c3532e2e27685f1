#include "services/cli/offline/mask_input.h"

#include <catch2/catch.hpp>

#include "services/masking/profile_compiler.h"

namespace countersign::cli::offline {
namespace {

MaskWork MakeWork(MaskForm form, std::size_t chunk = 0) {
  return {masking::CompileEntities({"tier1"}).value(), form, chunk};
}

text::redaction::Redacted Masked(absl::string_view input, MaskForm form, std::size_t chunk = 0) {
  auto masked = MaskInput(MakeWork(form, chunk), input);
  INFO(input << " " << masked.status());
  REQUIRE(masked.ok());
  return std::move(masked->masked);
}

TEST_CASE("MaskInput: text is masked as written", "[cli]") {
  CHECK(Masked("card 4111 1111 1111 1111", MaskForm::kText).text == "card <CREDIT_CARD>");
  CHECK(Masked("", MaskForm::kText).text.empty());
}

TEST_CASE("MaskInput: JSON is masked with escapes decoded, and stays JSON", "[cli]") {
  const std::string input =
      "{ \"a\": \"\\u0034111 1111\\u00201111 1111\", \"n\": 4111111111111111, \"ok\":\"\\u00e9\" }";
  const std::string expected =
      "{ \"a\": \"<CREDIT_CARD>\", \"n\": \"<CREDIT_CARD>\", \"ok\":\"\\u00e9\" }";
  for (const std::size_t chunk : {0, 1, 3, 16}) {
    const text::redaction::Redacted masked = Masked(input, MaskForm::kJson, chunk);
    CHECK(masked.text == expected);
    REQUIRE(masked.spans.size() == 2);
    const text::redaction::RedactedSpan& first = masked.spans[0];
    CHECK(first.entity == "credit_card");
    CHECK(input.substr(first.input_begin, first.input_end - first.input_begin) ==
          "\\u0034111 1111\\u00201111 1111");
    CHECK(masked.text.substr(first.begin, first.end - first.begin) == "<CREDIT_CARD>");
  }
}

TEST_CASE("MaskInput: each line may be a separate document", "[cli]") {
  const std::string input = "{\"to\":\"a@b.io\"}\n\n[\"a@b.io\"]\r\n\"4111111111111111\"\n";
  for (const std::size_t chunk : {0, 1, 5}) {
    const text::redaction::Redacted masked = Masked(input, MaskForm::kJson, chunk);
    CHECK(masked.text == "{\"to\":\"<EMAIL>\"}\n\n[\"<EMAIL>\"]\r\n\"<CREDIT_CARD>\"\n");
    REQUIRE(masked.spans.size() == 3);
    const text::redaction::RedactedSpan& second = masked.spans[1];
    CHECK(input.substr(second.input_begin, second.input_end - second.input_begin) == "a@b.io");
    CHECK(masked.text.substr(second.begin, second.end - second.begin) == "<EMAIL>");
  }
  // A context word counts within its own document only.
  CHECK(Masked("{\"ssn\":\n1}\n", MaskForm::kJson).text == "{\"ssn\":\n1}\n");
}

TEST_CASE("MaskInput: invalid JSON is refused with its line", "[cli]") {
  const auto refused = MaskInput(MakeWork(MaskForm::kJson), "{\"a\":1}\n{\"a\":\n");
  CHECK(refused.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(refused.status().message().find("line 2 alone") != absl::string_view::npos);
}

TEST_CASE("MaskInput: an answer is masked as the gateway masks it for a caller", "[cli]") {
  const std::string stream =
      "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"to a@\"}}]}\n\n"
      "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"b.io!\"}}]}\n\n"
      "event: odd\ndata: {\"type\":\"odd\",\"note\":\"c@d.io\"}\n\n"
      "data: [DONE]\n\n";
  for (const std::size_t chunk : {0, 1, 7}) {
    const auto masked = MaskInput(MakeWork(MaskForm::kAnswer, chunk), stream);
    REQUIRE(masked.ok());
    CHECK(masked->masked.text.find("\"content\":\"<EMAIL>!\"") != std::string::npos);
    CHECK(masked->masked.text.find("\"note\":\"<EMAIL>\"") != std::string::npos);
    CHECK(masked->fields == std::vector<std::string>{"choices/0/content", "//odd/note"});
    CHECK(masked->masked.spans.at(0).entity == "email");
  }
  MaskWork refuse = MakeWork(MaskForm::kAnswer);
  refuse.unknown_events = domain::UnknownEvents::kRefuse;
  CHECK_FALSE(MaskInput(refuse, stream).ok());
  CHECK_FALSE(MaskInput(MakeWork(MaskForm::kAnswer), "data: {\"choices\":[]}\n\n").ok());
  const std::string body =
      "{\"choices\":[{\"message\":{\"content\":\"a@b.io\"}}],\"x\":[\"c@d.io\"]}";
  CHECK(Masked(body, MaskForm::kAnswer).text ==
        "{\"choices\":[{\"message\":{\"content\":\"<EMAIL>\"}}],\"x\":[\"<EMAIL>\"]}");
}

}  // namespace
}  // namespace countersign::cli::offline
