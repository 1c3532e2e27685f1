#include "services/demo_model/completion.h"

#include <functional>

#include "absl/strings/str_cat.h"
#include "libs/json/writer.h"
#include "libs/text/tokens/tokenizer.h"

namespace countersign::demo_model {
namespace {

constexpr char kId[] = "chatcmpl-demo";
constexpr int kCreated = 1'767'225'600;  // constant, so that answers are reproducible
constexpr const char* kModels[] = {"demo-1", "demo-2", "other-1"};
constexpr int kRepetitions = 10'000;

void Head(json::Writer& writer, absl::string_view object, const ChatRequest& request) {
  writer.BeginObject().Key("id").String(kId).Key("object").String(object);
  writer.Key("created").Int(kCreated).Key("model").String(request.model);
}

void Usage(json::Writer& writer, const ChatRequest& request, const Answer& answer) {
  const text::tokens::Tokenizer& tokenizer = text::tokens::Tokenizer::ForModel(request.model);
  const auto prompt = static_cast<std::int64_t>(request.prompt_tokens);
  const auto completion =
      request.choices *
      static_cast<std::int64_t>(tokenizer.Count(answer.content) + tokenizer.Count(answer.refusal) +
                                tokenizer.Count(answer.reasoning) +
                                tokenizer.Count(answer.tool_arguments));
  writer.Key("usage").BeginObject().Key("prompt_tokens").Int(prompt);
  writer.Key("completion_tokens").Int(completion);
  writer.Key("total_tokens").Int(prompt + completion).EndObject();
}

void Logprobs(json::Writer& writer, absl::string_view text) {
  writer.Key("logprobs").BeginObject().Key("content").BeginArray();
  for (const std::string& token : Pieces(text)) {
    writer.BeginObject().Key("token").String(token).Key("logprob").Number(-0.25);
    writer.Key("bytes").BeginArray();
    for (const char c : token) writer.Int(static_cast<unsigned char>(c));
    writer.EndArray().Key("top_logprobs").BeginArray().EndArray().EndObject();
  }
  writer.EndArray().EndObject();
}

absl::string_view FinishReason(const Answer& answer) {
  return answer.tool.empty() ? "stop" : "tool_calls";
}

void Message(json::Writer& writer, const Answer& answer) {
  writer.Key("message").BeginObject().Key("role").String("assistant");
  writer.Key("content");
  answer.content.empty() ? writer.Null() : writer.String(answer.content);
  if (!answer.refusal.empty()) writer.Key("refusal").String(answer.refusal);
  if (!answer.reasoning.empty()) writer.Key("reasoning_content").String(answer.reasoning);
  if (!answer.tool.empty()) {
    writer.Key("tool_calls").BeginArray().BeginObject().Key("id").String("call_demo");
    writer.Key("type").String("function").Key("function").BeginObject();
    writer.Key("name").String(answer.tool).Key("arguments").String(answer.tool_arguments);
    writer.EndObject().EndObject().EndArray();
  }
  writer.EndObject();
}

// One event for choice `index`; `delta` writes the members of its delta object.
std::string Chunk(const ChatRequest& request, int index, absl::string_view finish,
                  absl::string_view token, const std::function<void(json::Writer&)>& delta) {
  json::Writer writer;
  Head(writer, "chat.completion.chunk", request);
  writer.Key("choices").BeginArray().BeginObject().Key("index").Int(index);
  writer.Key("delta").BeginObject();
  delta(writer);
  writer.EndObject();
  if (request.logprobs && !token.empty()) Logprobs(writer, token);
  writer.Key("finish_reason");
  finish.empty() ? writer.Null() : writer.String(finish);
  writer.EndObject().EndArray();
  if (request.include_usage) writer.Key("usage").Null();
  return writer.EndObject().str();
}

// The pieces of one text, alternating between the choices.
void AddText(const ChatRequest& request, absl::string_view member, absl::string_view text,
             std::size_t bytes, std::vector<std::string>& chunks) {
  for (const std::string& piece : Pieces(text, bytes)) {
    for (int index = 0; index < request.choices; ++index) {
      chunks.push_back(Chunk(request, index, "", member == "content" ? piece : "",
                             [&](json::Writer& delta) { delta.Key(member).String(piece); }));
    }
  }
}

void AddToolCall(const ChatRequest& request, const Answer& answer,
                 std::vector<std::string>& chunks) {
  const auto call = [&](bool first, absl::string_view arguments) {
    chunks.push_back(Chunk(request, 0, "", "", [&](json::Writer& delta) {
      delta.Key("tool_calls").BeginArray().BeginObject().Key("index").Int(0);
      if (first) delta.Key("id").String("call_demo").Key("type").String("function");
      delta.Key("function").BeginObject();
      if (first) delta.Key("name").String(answer.tool);
      delta.Key("arguments").String(arguments).EndObject().EndObject().EndArray();
    }));
  };
  call(true, "");
  for (const std::string& piece : Pieces(answer.tool_arguments)) call(false, piece);
}

}  // namespace

std::string Completion(const ChatRequest& request, const Answer& answer) {
  json::Writer writer;
  Head(writer, "chat.completion", request);
  writer.Key("choices").BeginArray();
  for (int index = 0; index < request.choices; ++index) {
    writer.BeginObject().Key("index").Int(index);
    Message(writer, answer);
    if (request.logprobs) Logprobs(writer, answer.content);
    writer.Key("finish_reason").String(FinishReason(answer)).EndObject();
  }
  writer.EndArray();
  Usage(writer, request, answer);
  return writer.EndObject().str();
}

std::vector<std::string> Chunks(const ChatRequest& request, const Answer& answer) {
  std::vector<std::string> chunks;
  for (int index = 0; index < request.choices; ++index) {
    chunks.push_back(Chunk(request, index, "", "", [](json::Writer& delta) {
      delta.Key("role").String("assistant").Key("content").String("");
    }));
  }
  AddText(request, "reasoning_content", answer.reasoning, answer.piece_bytes, chunks);
  AddText(request, "content", answer.content, answer.piece_bytes, chunks);
  AddText(request, "refusal", answer.refusal, answer.piece_bytes, chunks);
  if (!answer.tool.empty()) AddToolCall(request, answer, chunks);
  if (answer.until_left) {
    const std::vector<std::string> once(chunks.begin() + request.choices, chunks.end());
    chunks.reserve(once.size() * kRepetitions);
    for (int i = 1; i < kRepetitions; ++i) chunks.insert(chunks.end(), once.begin(), once.end());
  }
  for (int index = 0; index < request.choices; ++index) {
    chunks.push_back(Chunk(request, index, FinishReason(answer), "", [](json::Writer&) {}));
  }
  if (request.include_usage) {
    json::Writer writer;
    Head(writer, "chat.completion.chunk", request);
    writer.Key("choices").BeginArray().EndArray();
    Usage(writer, request, answer);
    chunks.push_back(writer.EndObject().str());
  }
  return chunks;
}

std::string ErrorBody(int status, absl::string_view message) {
  json::Writer writer;
  writer.BeginObject().Key("error").BeginObject().Key("message").String(message);
  writer.Key("type").String(status < 500 ? "invalid_request_error" : "server_error");
  writer.Key("param").Null().Key("code").Null();
  return writer.EndObject().EndObject().str();
}

std::string Model(absl::string_view id) {
  for (const char* known : kModels) {
    if (id != known) continue;
    json::Writer writer;
    writer.BeginObject().Key("id").String(id).Key("object").String("model");
    writer.Key("created").Int(kCreated).Key("owned_by").String("countersign");
    return writer.EndObject().str();
  }
  return "";
}

std::string ModelList() {
  json::Writer writer;
  writer.BeginObject().Key("object").String("list").Key("data").BeginArray();
  for (const char* id : kModels) writer.Raw(Model(id));
  return writer.EndArray().EndObject().str();
}

}  // namespace countersign::demo_model
