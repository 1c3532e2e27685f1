#include "services/demo_model/simple_answers.h"

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/json/document.h"
#include "libs/json/writer.h"
#include "libs/text/tokens/tokenizer.h"

namespace countersign::demo_model {
namespace {

constexpr int kCreated = 1'767'225'600;  // constant, so that answers are reproducible

std::string Chunk(const ChatRequest& request, absl::string_view text, bool finished) {
  json::Writer out;
  out.BeginObject().Key("id").String("cmpl-demo").Key("object").String("text_completion");
  out.Key("created").Int(kCreated).Key("model").String(request.model).Key("choices").BeginArray();
  out.BeginObject().Key("text").String(text).Key("index").Int(0).Key("logprobs").Null();
  out.Key("finish_reason");
  finished ? out.String("stop") : out.Null();
  return out.EndObject().EndArray().EndObject().str();
}

}  // namespace

absl::StatusOr<ChatRequest> ReadCompletionRequest(absl::string_view body) {
  CS_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(body));
  const json::Value root = document.root();
  ChatRequest request;
  request.model = std::string(root["model"].text());
  if (request.model.empty()) return absl::InvalidArgumentError("you must name a model");
  const json::Value prompt = root["prompt"];
  request.prompt = std::string(prompt.is(json::Type::kArray) ? prompt.at(0).text() : prompt.text());
  request.prompt_tokens = text::tokens::Tokenizer::ForModel(request.model).Count(request.prompt);
  request.stream = root["stream"].boolean().value_or(false);
  return request;
}

std::string TextCompletion(const ChatRequest& request, const Answer& answer) {
  return Chunk(request, answer.content, true);
}

std::vector<std::string> TextChunks(const ChatRequest& request, const Answer& answer) {
  std::vector<std::string> chunks;
  for (const std::string& piece : Pieces(answer.content, answer.piece_bytes)) {
    chunks.push_back(Chunk(request, piece, false));
  }
  chunks.push_back(Chunk(request, "", true));
  return chunks;
}

absl::StatusOr<std::string> Embeddings(absl::string_view body) {
  CS_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(body));
  const json::Value input = document.root()["input"];
  const std::size_t texts = input.is(json::Type::kArray) ? input.size() : 1;
  json::Writer out;
  out.BeginObject().Key("object").String("list").Key("data").BeginArray();
  for (std::size_t i = 0; i < texts; ++i) {
    out.BeginObject().Key("object").String("embedding").Key("index").Int(static_cast<int>(i));
    if (document.root()["encoding_format"].text() == "base64") {
      out.Key("embedding").String("zczMPc3MTL4AAIA+").EndObject();
    } else {
      out.Key("embedding").Raw("[0.1,-0.2,0.25]").EndObject();
    }
  }
  out.EndArray().Key("model").String(document.root()["model"].text()).Key("usage").BeginObject();
  out.Key("prompt_tokens").Int(2).Key("total_tokens").Int(2).EndObject();
  return out.EndObject().str();
}

std::string Moderation() {
  return R"({"id":"modr-demo","model":"omni-moderation-latest","results":[{"flagged":false,)"
         R"("categories":{"hate":false,"violence/graphic":false},)"
         R"("category_scores":{"hate":0.0000411111111111111,"violence/graphic":0.25}}]})";
}

}  // namespace countersign::demo_model
