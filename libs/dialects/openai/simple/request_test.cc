#include "libs/dialects/openai/simple/request.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/dialects/openai/dialect.h"
#include "libs/dialects/openai/testing/response_streams.h"
#include "libs/dialects/testing/pass_pieces.h"

namespace countersign::dialects::openai::simple {
namespace {

using dialects::testing::PassPieces;
using openai::testing::OpenAnswer;

absl::StatusOr<ReadCall> Post(const std::string& operation, const std::string& body,
                              const domain::Connection* connection = nullptr) {
  IncomingRequest request{"POST", absl::StrCat("/v1/", operation), "", {}, body};
  request.connection = connection;
  return OpenAiDialect().Read(request);
}

std::vector<std::string> Texts(const ReadCall& call) {
  std::vector<std::string> texts;
  for (const domain::TextPart& part : call.prompt->parts) texts.push_back(part.text);
  return texts;
}

std::string Pass(const std::string& operation, bool stream, const std::string& answer) {
  const auto passed = PassPieces(*OpenAnswer(operation, stream), {answer});
  if (!passed.ok()) FAIL(passed.status());
  return *passed;
}

TEST_CASE("simple::Read: one text or several are judged", "[dialects]") {
  using Strings = std::vector<std::string>;
  const ReadCall one = Post("completions", R"({"model":"m","prompt":"a","suffix":"b"})").value();
  CHECK(Texts(one) == Strings{"a", "b"});
  CHECK(one.prompt->operation == "completions");
  CHECK(one.upstream_path == "/completions");
  CHECK(Texts(Post("embeddings", R"({"model":"m","input":["a","b"]})").value()) ==
        Strings{"a", "b"});
  CHECK(
      Texts(Post("moderations", R"({"model":"m","input":[{"type":"text","text":"a"}]})").value()) ==
      Strings{"a"});
}

TEST_CASE("simple::Read: a stream is asked for its usage", "[dialects]") {
  const ReadCall call = Post("completions", R"({"model":"m","prompt":"a","stream":true})").value();
  CHECK(call.hide_usage);
  CHECK(call.additions.size() == 1);
}

TEST_CASE("simple::Read: token ids are refused", "[dialects]") {
  for (const char* texts : {"[1,2]", "[[1,2],[3]]", R"(["a",1])", "5", "{}"}) {
    CAPTURE(texts);
    CHECK(absl::IsInvalidArgument(
        Post("completions", absl::StrCat(R"({"model":"m","prompt":)", texts, "}")).status()));
    CHECK(absl::IsInvalidArgument(
        Post("embeddings", absl::StrCat(R"({"model":"m","input":)", texts, "}")).status()));
  }
}

TEST_CASE("simple::Read: a model that the upstream chooses must be one that is allowed",
          "[dialects]") {
  domain::Connection connection;
  CHECK(Post("moderations", R"({"input":"a"})", &connection).ok());
  connection.models = {"omni-*"};
  CHECK(absl::IsInvalidArgument(Post("moderations", R"({"input":"a"})", &connection).status()));
  CHECK_FALSE(Post("embeddings", R"({"input":"a"})").ok());
}

TEST_CASE("completions: their text is masked, and its probabilities with it", "[dialects]") {
  const auto body = [](absl::string_view text) {
    return absl::StrCat(R"({"id":"cmpl-1","object":"text_completion","created":1,"model":"m",)",
                        R"("choices":[{"text":")", text, R"(","index":0,"finish_reason":"stop",)",
                        R"("logprobs":{"tokens":[")", text,
                        R"("],"token_logprobs":[-0.5],"top_logprobs":null,"text_offset":[0]}}]})");
  };
  CHECK(Pass("completions", false, body("plain")) == body("plain"));
  const std::string masked = Pass("completions", false, body("a SECRET"));
  CHECK(absl::StrContains(masked, R"("text":"a <S>")"));
  CHECK(absl::StrContains(masked, R"("logprobs":null)"));
  CHECK_FALSE(absl::StrContains(masked, "SECRET"));
}

TEST_CASE("completions: a stream is masked over its pieces", "[dialects]") {
  const auto chunk = [](absl::string_view text, absl::string_view finish) {
    return absl::StrCat(R"(data: {"object":"text_completion","choices":[{"text":")", text,
                        R"(","index":0,"logprobs":null,"finish_reason":)", finish, "}]}\n\n");
  };
  const std::string stream = absl::StrCat(chunk("a SEC", "null"), chunk("RET b", "null"),
                                          chunk("", "\"stop\""), "data: [DONE]\n\n");
  const std::string masked = Pass("completions", true, stream);
  CHECK_FALSE(absl::StrContains(masked, "SEC"));
  CHECK(absl::StrContains(masked, "<S>"));
}

TEST_CASE("embeddings: vectors pass, and text in their place is masked", "[dialects]") {
  const auto body = [](absl::string_view vector) {
    return absl::StrCat(R"({"object":"list","data":[{"object":"embedding","index":0,"embedding":)",
                        vector, R"(}],"model":"m","usage":{"prompt_tokens":2,"total_tokens":2}})");
  };
  for (const char* vector : {"[0.1777,-0.25,1e-7]", R"("zczMPc3MTL4AAIA+")"}) {
    CHECK(Pass("embeddings", false, body(vector)) == body(vector));
  }
  for (const char* text : {R"("a SECRET")", R"(["SECRET"])"}) {
    CHECK_FALSE(absl::StrContains(Pass("embeddings", false, body(text)), "SECRET"));
  }
}

TEST_CASE("moderations: scores pass, and text is masked", "[dialects]") {
  const std::string body =
      R"({"id":"modr-1","model":"m","results":[{"flagged":false,"categories":{"hate":false},)"
      R"("category_scores":{"hate":0.777}}]})";
  CHECK(Pass("moderations", false, body) == body);
  CHECK(absl::StrContains(Pass("moderations", false, R"({"results":[],"note":"SECRET"})"), "<S>"));
}

}  // namespace
}  // namespace countersign::dialects::openai::simple
