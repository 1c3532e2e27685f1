#include "services/demo_model/message.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/crypto/hash.h"
#include "libs/json/document.h"
#include "libs/json/writer.h"
#include "libs/text/tokens/tokenizer.h"

namespace countersign::demo_model {
namespace {

constexpr const char* kModels[] = {"demo-1", "demo-2", "other-1"};
constexpr char kCreated[] = "2026-01-01T00:00:00Z";
constexpr int kRepetitions = 10'000;

// As long and mixed as a real one; of the thinking, so that a test can tell whether both belong
// together.
std::string Sign(absl::string_view thinking) {
  std::string bytes = crypto::Sha256(thinking);
  for (int i = 0; i < 9; ++i) absl::StrAppend(&bytes, crypto::Sha256(bytes));
  return absl::Base64Escape(bytes);
}

std::int64_t CountOutput(const ChatRequest& request, const Answer& answer) {
  const text::tokens::Tokenizer& tokenizer = text::tokens::Tokenizer::ForModel(request.model);
  return static_cast<std::int64_t>(
      tokenizer.Count(answer.content) + tokenizer.Count(answer.refusal) +
      tokenizer.Count(answer.reasoning) + tokenizer.Count(answer.tool_arguments));
}

void WriteUsage(json::Writer& writer, const ChatRequest& request, std::int64_t output) {
  writer.Key("usage").BeginObject();
  writer.Key("input_tokens").Int(static_cast<std::int64_t>(request.prompt_tokens));
  writer.Key("cache_creation_input_tokens").Int(0).Key("cache_read_input_tokens").Int(0);
  writer.Key("output_tokens").Int(output).EndObject();
}

void BeginMessage(json::Writer& writer, const ChatRequest& request) {
  writer.BeginObject().Key("id").String("msg_demo").Key("type").String("message");
  writer.Key("role").String("assistant").Key("model").String(request.model);
}

absl::string_view StopReason(const Answer& answer) {
  if (!answer.tool.empty()) return "tool_use";
  return answer.refusal.empty() ? "end_turn" : "refusal";
}

void WriteStop(json::Writer& writer, absl::string_view reason) {
  writer.Key("stop_reason");
  reason.empty() ? writer.Null() : writer.String(reason);
  writer.Key("stop_sequence").Null();
}

// The text of an answer; a refusal is one, too.
const std::string& VisibleText(const Answer& answer) {
  return answer.refusal.empty() ? answer.content : answer.refusal;
}

std::string ToEvent(absl::string_view type, absl::string_view data) {
  return absl::StrCat("event: ", type, "\ndata: ", data, "\n\n");
}

// Writes the events of a message block by block.
class EventWriter {
 public:
  explicit EventWriter(std::size_t piece_bytes) : piece_bytes_(piece_bytes) {}

  // A block of `type`, whose `member` grows by deltas of `delta_type`, with `piece` as their
  // member's name. `head`: further members of its beginning.
  struct Block {
    absl::string_view type;
    absl::string_view member;
    absl::string_view delta_type;
    absl::string_view piece;
    std::string head;
  };
  void Write(const Block& block, absl::string_view text, int times = 1) {
    json::Writer start = Begin("content_block_start");
    start.Key("content_block").BeginObject().Key("type").String(block.type);
    start.Key(block.member);
    block.member == "input" ? start.BeginObject().EndObject() : start.String("");
    if (block.member == "thinking") start.Key("signature").String("");
    std::string data = start.EndObject().EndObject().str();
    if (!block.head.empty()) data.insert(data.size() - 2, absl::StrCat(",", block.head));
    events_.push_back(ToEvent("content_block_start", data));
    for (int i = 0; i < times; ++i) {
      for (const std::string& piece : Pieces(text, piece_bytes_)) {
        AddDelta(block.delta_type, block.piece, piece);
      }
    }
    if (block.member == "thinking") AddDelta("signature_delta", "signature", Sign(text));
    events_.push_back(ToEvent("content_block_stop", Begin("content_block_stop").EndObject().str()));
    ++index_;
  }

  void Add(std::string event) { events_.push_back(std::move(event)); }
  std::vector<std::string> Take() { return std::move(events_); }

 private:
  json::Writer Begin(absl::string_view type) const {
    json::Writer writer;
    writer.BeginObject().Key("type").String(type).Key("index").Int(index_);
    return writer;
  }

  void AddDelta(absl::string_view type, absl::string_view member, absl::string_view piece) {
    json::Writer delta = Begin("content_block_delta");
    delta.Key("delta").BeginObject().Key("type").String(type).Key(member).String(piece);
    events_.push_back(ToEvent("content_block_delta", delta.EndObject().EndObject().str()));
  }

  const std::size_t piece_bytes_;
  std::vector<std::string> events_;
  std::int64_t index_ = 0;
};

}  // namespace

absl::StatusOr<ChatRequest> ReadMessagesRequest(absl::string_view body) {
  CS_ASSIGN_OR_RETURN(ChatRequest request, ReadChatRequest(body));
  CS_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(body));
  request.tools.clear();
  const json::Value tools = document.root()["tools"];
  for (std::size_t i = 0; i < tools.size(); ++i) {
    request.tools.emplace_back(tools.at(i)["name"].text());
  }
  return request;
}

std::string Message(const ChatRequest& request, const Answer& answer) {
  json::Writer writer;
  BeginMessage(writer, request);
  writer.Key("content").BeginArray();
  if (!answer.reasoning.empty()) {
    writer.BeginObject().Key("type").String("thinking").Key("thinking").String(answer.reasoning);
    writer.Key("signature").String(Sign(answer.reasoning)).EndObject();
  }
  if (!VisibleText(answer).empty()) {
    writer.BeginObject()
        .Key("type")
        .String("text")
        .Key("text")
        .String(VisibleText(answer))
        .EndObject();
  }
  if (!answer.tool.empty()) {
    writer.BeginObject().Key("type").String("tool_use").Key("id").String("toolu_demo");
    writer.Key("name").String(answer.tool).Key("input").Raw(answer.tool_arguments).EndObject();
  }
  writer.EndArray();
  WriteStop(writer, StopReason(answer));
  WriteUsage(writer, request, CountOutput(request, answer));
  return writer.EndObject().str();
}

std::vector<std::string> MessageEvents(const ChatRequest& request, const Answer& answer) {
  EventWriter events(answer.piece_bytes);
  json::Writer start;
  start.BeginObject().Key("type").String("message_start").Key("message");
  BeginMessage(start, request);
  start.Key("content").BeginArray().EndArray();
  WriteStop(start, "");
  WriteUsage(start, request, 1);
  events.Add(ToEvent("message_start", start.EndObject().EndObject().str()));
  events.Add(ToEvent("ping", R"({"type": "ping"})"));
  if (!answer.reasoning.empty()) {
    events.Write({"thinking", "thinking", "thinking_delta", "thinking", ""}, answer.reasoning);
  }
  if (!VisibleText(answer).empty()) {
    events.Write({"text", "text", "text_delta", "text", ""}, VisibleText(answer),
                 answer.until_left ? kRepetitions : 1);
  }
  if (!answer.tool.empty()) {
    const std::string head =
        absl::StrCat("\"id\":\"toolu_demo\",\"name\":", json::Quote(answer.tool));
    events.Write({"tool_use", "input", "input_json_delta", "partial_json", head},
                 answer.tool_arguments);
  }
  json::Writer end;
  end.BeginObject().Key("type").String("message_delta").Key("delta").BeginObject();
  WriteStop(end, StopReason(answer));
  end.EndObject().Key("usage").BeginObject();
  end.Key("output_tokens").Int(CountOutput(request, answer)).EndObject();
  events.Add(ToEvent("message_delta", end.EndObject().str()));
  events.Add(ToEvent("message_stop", R"({"type":"message_stop"})"));
  return events.Take();
}

std::string TokenCount(const ChatRequest& request) {
  json::Writer writer;
  writer.BeginObject().Key("input_tokens").Int(static_cast<std::int64_t>(request.prompt_tokens));
  return writer.EndObject().str();
}

std::string MessageErrorBody(int status, absl::string_view message) {
  const auto type = [&]() -> absl::string_view {
    switch (status) {
      case 401: return "authentication_error";
      case 403: return "permission_error";
      case 404: return "not_found_error";
      case 413: return "request_too_large";
      case 429: return "rate_limit_error";
      case 529: return "overloaded_error";
      default: return status < 500 ? "invalid_request_error" : "api_error";
    }
  }();
  json::Writer writer;
  writer.BeginObject().Key("type").String("error").Key("error").BeginObject();
  writer.Key("type").String(type).Key("message").String(message).EndObject();
  return writer.Key("request_id").String("req_demo").EndObject().str();
}

std::string MessageModel(absl::string_view id) {
  for (const char* known : kModels) {
    if (id != known) continue;
    json::Writer writer;
    writer.BeginObject().Key("type").String("model").Key("id").String(id);
    writer.Key("display_name").String(absl::StrCat("Demo ", id));
    return writer.Key("created_at").String(kCreated).EndObject().str();
  }
  return "";
}

std::string MessageModelList() {
  json::Writer writer;
  writer.BeginObject().Key("data").BeginArray();
  for (const char* id : kModels) writer.Raw(MessageModel(id));
  writer.EndArray().Key("has_more").Bool(false);
  writer.Key("first_id").String(kModels[0]).Key("last_id").String(kModels[2]);
  return writer.EndObject().str();
}

}  // namespace countersign::demo_model
