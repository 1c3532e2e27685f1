#include "services/demo_model/response.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/base/status.h"
#include "libs/json/document.h"
#include "libs/json/writer.h"
#include "libs/text/tokens/tokenizer.h"

namespace countersign::demo_model {
namespace {

constexpr char kId[] = "resp_demo0123456789";
constexpr int kCreated = 1'767'225'600;  // constant, so that answers are reproducible
constexpr int kRepetitions = 10'000;

// A response's text and where it stands, in the order of the stream.
struct Part {
  enum class Kind { kSummary, kText, kRefusal, kArguments };
  Kind kind;
  std::string text;
};

std::vector<Part> Parts(const Answer& answer) {
  std::vector<Part> parts;
  if (!answer.reasoning.empty()) parts.push_back({Part::Kind::kSummary, answer.reasoning});
  if (!answer.content.empty()) parts.push_back({Part::Kind::kText, answer.content});
  if (!answer.refusal.empty()) parts.push_back({Part::Kind::kRefusal, answer.refusal});
  if (!answer.tool.empty()) parts.push_back({Part::Kind::kArguments, answer.tool_arguments});
  return parts;
}

std::string ItemId(const Part& part, std::size_t index) {
  constexpr absl::string_view kPrefixes[] = {"rs_", "msg_", "msg_", "fc_"};
  return absl::StrCat(kPrefixes[static_cast<std::size_t>(part.kind)], "demo0123456789", index);
}

// The part as it stands in its item's list; `text` is what is known of it.
std::string PartJson(const Part& part, absl::string_view text) {
  json::Writer out;
  out.BeginObject();
  switch (part.kind) {
    case Part::Kind::kSummary:
      out.Key("type").String("summary_text").Key("text").String(text);
      break;
    case Part::Kind::kRefusal: out.Key("type").String("refusal").Key("refusal").String(text); break;
    default:
      out.Key("type").String("output_text").Key("text").String(text);
      out.Key("annotations").BeginArray().EndArray().Key("logprobs").BeginArray().EndArray();
  }
  return out.EndObject().str();
}

std::string ItemJson(const Part& part, const Answer& answer, std::size_t index, bool done) {
  json::Writer out;
  out.BeginObject().Key("id").String(ItemId(part, index));
  const std::string parts = done ? PartJson(part, part.text) : "";
  if (part.kind == Part::Kind::kArguments) {
    out.Key("type").String("function_call").Key("name").String(answer.tool);
    out.Key("call_id").String("call_demo01234567");
    out.Key("arguments").String(done ? part.text : "");
  } else if (part.kind == Part::Kind::kSummary) {
    out.Key("type").String("reasoning").Key("summary").Raw(absl::StrCat("[", parts, "]"));
    return out.EndObject().str();
  } else {
    out.Key("type").String("message").Key("role").String("assistant");
    out.Key("content").Raw(absl::StrCat("[", parts, "]"));
  }
  return out.Key("status").String(done ? "completed" : "in_progress").EndObject().str();
}

std::string ResponseJson(const ChatRequest& request, const Answer& answer, absl::string_view id,
                         absl::string_view status) {
  const bool done = status == "completed";
  std::vector<std::string> items;
  std::size_t tokens = 0;
  const text::tokens::Tokenizer& tokenizer = text::tokens::Tokenizer::ForModel(request.model);
  for (const Part& part : Parts(answer)) {
    items.push_back(ItemJson(part, answer, items.size(), true));
    tokens += tokenizer.Count(part.text);
  }
  json::Writer out;
  out.BeginObject().Key("id").String(id).Key("object").String("response");
  out.Key("created_at").Int(kCreated).Key("status").String(status).Key("error").Null();
  out.Key("incomplete_details").Null().Key("instructions").Null();
  out.Key("model").String(request.model).Key("output");
  out.Raw(done ? absl::StrCat("[", absl::StrJoin(items, ","), "]") : "[]");
  out.Key("parallel_tool_calls").Bool(true).Key("tool_choice").String("auto");
  out.Key("tools").BeginArray().EndArray().Key("metadata").BeginObject().EndObject();
  out.Key("temperature").Number(1).Key("top_p").Number(1).Key("usage");
  if (!done) return out.Null().EndObject().str();
  out.BeginObject().Key("input_tokens").Int(static_cast<std::int64_t>(request.prompt_tokens));
  out.Key("input_tokens_details").BeginObject().Key("cached_tokens").Int(0).EndObject();
  out.Key("output_tokens").Int(static_cast<std::int64_t>(tokens));
  out.Key("output_tokens_details").BeginObject().Key("reasoning_tokens").Int(0).EndObject();
  out.Key("total_tokens").Int(static_cast<std::int64_t>(request.prompt_tokens + tokens));
  return out.EndObject().EndObject().str();
}

// Writes the events of one stream.
class StreamWriter {
 public:
  StreamWriter(const ChatRequest& request, const Answer& answer)
      : request_(request), answer_(answer) {}

  std::vector<ResponseEvent> Write() {
    Add("response.created", absl::StrCat("\"response\":", Snapshot("in_progress")));
    Add("response.in_progress", absl::StrCat("\"response\":", Snapshot("in_progress")));
    std::size_t index = 0;
    for (const Part& part : Parts(answer_)) AddItem(part, index++);
    Add("response.completed", absl::StrCat("\"response\":", Snapshot("completed")));
    return std::move(events_);
  }

 private:
  std::string Snapshot(absl::string_view status) const {
    return ResponseJson(request_, answer_, kId, status);
  }

  void Add(const std::string& type, absl::string_view members) {
    events_.push_back({type, absl::StrCat("{\"type\":\"", type, "\",\"sequence_number\":",
                                          events_.size(), ",", members, "}")});
  }

  void AddItem(const Part& part, std::size_t index) {
    using Kind = Part::Kind;
    const std::string output = absl::StrCat("\"output_index\":", index);
    std::string at = absl::StrCat("\"item_id\":\"", ItemId(part, index), "\",", output);
    std::string list = "response.content_part";
    std::string text = "response.output_text";
    std::string member = "text";
    std::string more;
    if (part.kind == Kind::kSummary) {
      list = "response.reasoning_summary_part";
      text = "response.reasoning_summary_text";
      absl::StrAppend(&at, ",\"summary_index\":0");
    } else if (part.kind == Kind::kArguments) {
      text = "response.function_call_arguments";
      member = "arguments";
    } else {
      absl::StrAppend(&at, ",\"content_index\":0");
      if (part.kind == Kind::kRefusal) text = "response.refusal", member = "refusal";
      if (part.kind == Kind::kText) more = ",\"logprobs\":[]";
    }
    const bool in_list = part.kind != Kind::kArguments;
    Add("response.output_item.added",
        absl::StrCat(output, ",\"item\":", ItemJson(part, answer_, index, false)));
    if (in_list)
      Add(absl::StrCat(list, ".added"), absl::StrCat(at, ",\"part\":", PartJson(part, "")));
    const std::vector<std::string> pieces = Pieces(part.text, answer_.piece_bytes);
    for (int i = 0; i < (answer_.until_left ? kRepetitions : 1); ++i) {
      for (const std::string& piece : pieces) {
        Add(absl::StrCat(text, ".delta"),
            absl::StrCat(at, ",\"delta\":", json::Quote(piece), more));
      }
    }
    Add(absl::StrCat(text, ".done"),
        absl::StrCat(at, ",\"", member, "\":", json::Quote(part.text), more));
    if (in_list) {
      Add(absl::StrCat(list, ".done"), absl::StrCat(at, ",\"part\":", PartJson(part, part.text)));
    }
    Add("response.output_item.done",
        absl::StrCat(output, ",\"item\":", ItemJson(part, answer_, index, true)));
  }

  const ChatRequest& request_;
  const Answer& answer_;
  std::vector<ResponseEvent> events_;
};

ChatRequest KeptRequest() {
  ChatRequest request;
  request.model = "demo-1";
  request.prompt = "the customer file";
  return request;
}

// The text of a message: its string, or the texts of its parts.
std::string ReadText(const json::Value& content) {
  if (content.is(json::Type::kString)) return std::string(content.text());
  std::string text;
  for (std::size_t i = 0; i < content.size(); ++i) {
    absl::StrAppend(&text, content.at(i)["text"].text());
  }
  return text;
}

}  // namespace

absl::StatusOr<ChatRequest> ReadResponseRequest(absl::string_view body) {
  CS_ASSIGN_OR_RETURN(const json::Document document, json::Document::Parse(body));
  const json::Value root = document.root();
  ChatRequest request;
  request.model = std::string(root["model"].text());
  if (request.model.empty()) return absl::InvalidArgumentError("you must name a model");
  const text::tokens::Tokenizer& tokenizer = text::tokens::Tokenizer::ForModel(request.model);
  const json::Value input = root["input"];
  if (input.is(json::Type::kString)) request.prompt = std::string(input.text());
  request.prompt_tokens = tokenizer.Count(request.prompt);
  for (std::size_t i = 0; i < input.size(); ++i) {
    const std::string text = ReadText(input.at(i)["content"]);
    request.prompt_tokens += tokenizer.Count(text);
    if (input.at(i)["role"].text() == "user") request.prompt = text;
  }
  request.stream = root["stream"].boolean().value_or(false);
  for (std::size_t i = 0; i < root["tools"].size(); ++i) {
    request.tools.emplace_back(root["tools"].at(i)["name"].text());
  }
  return request;
}

std::string Response(const ChatRequest& request, const Answer& answer) {
  return ResponseJson(request, answer, kId, "completed");
}

std::vector<ResponseEvent> ResponseEvents(const ChatRequest& request, const Answer& answer) {
  return StreamWriter(request, answer).Write();
}

std::string KeptResponse(absl::string_view id, absl::string_view status) {
  const ChatRequest request = KeptRequest();
  return ResponseJson(request, ChooseAnswer(request), id, status);
}

std::string InputItems() {
  return R"({"object":"list","data":[{"id":"msg_kept0123456789","type":"message","role":"user",)"
         R"("content":[{"type":"input_text","text":"card 4111 1111 1111 1111"}]}],)"
         R"("first_id":"msg_kept0123456789","last_id":"msg_kept0123456789","has_more":false})";
}

std::string DeletedResponse(absl::string_view id) {
  return absl::StrCat("{\"id\":", json::Quote(id), ",\"object\":\"response\",\"deleted\":true}");
}

}  // namespace countersign::demo_model
