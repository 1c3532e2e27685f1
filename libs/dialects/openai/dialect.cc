#include "libs/dialects/openai/dialect.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/base/status.h"
#include "libs/dialects/model_id.h"
#include "libs/dialects/openai/document_answer.h"
#include "libs/dialects/openai/request.h"
#include "libs/dialects/openai/stream_answer.h"
#include "libs/dialects/percent.h"
#include "libs/dialects/query_texts.h"
#include "libs/dialects/sse/writer.h"
#include "libs/json/any_json.h"
#include "libs/json/document.h"
#include "libs/json/writer.h"

namespace countersign::dialects::openai {
namespace {

constexpr absl::string_view kModels = "/v1/models";
constexpr char kListModels[] = "models.list";

// Reads a request for a model by its id. The id is decoded once and forwarded as one segment, so it
// cannot address another resource.
absl::Status ReadModelId(absl::string_view segment, domain::Prompt& prompt, ReadCall& call) {
  const absl::Status unknown = absl::NotFoundError("there is no such model id");
  const absl::StatusOr<std::string> id = DecodePercent(segment);
  if (!id.ok() || !IsModelId(*id) || std::count(id->begin(), id->end(), '/') > 1) return unknown;
  prompt.operation = "models.get";
  prompt.model = *id;
  call.upstream_path = absl::StrCat("/models/", EncodeSegment(*id));
  return absl::OkStatus();
}

absl::StatusOr<ReadCall> ReadModels(absl::string_view path) {
  ReadCall call;
  domain::Prompt prompt;
  prompt.operation = kListModels;
  call.method = "GET";
  call.upstream_path = "/models";
  absl::ConsumePrefix(&path, kModels);
  if (absl::ConsumePrefix(&path, "/")) CS_RETURN_IF_ERROR(ReadModelId(path, prompt, call));
  call.prompt = std::make_shared<const domain::Prompt>(std::move(prompt));
  return call;
}

void WriteError(json::Writer& out, const CallerError& error) {
  out.BeginObject().Key("error").BeginObject();
  out.Key("message").String(error.message).Key("type").String(error.type);
  out.Key("param");
  error.param.empty() ? out.Null() : out.String(error.param);
  out.Key("code").String(error.code);
  if (!error.review_id.empty()) out.Key("review_id").String(error.review_id);
  out.EndObject().EndObject();
}

}  // namespace

absl::StatusOr<ReadCall> OpenAiDialect::Read(const IncomingRequest& request) const {
  const absl::string_view path = absl::StripSuffix(request.path, "/");
  const bool chat = path == "/v1/chat/completions" && request.method == "POST";
  const bool models = (path == kModels || absl::StartsWith(path, absl::StrCat(kModels, "/"))) &&
                      request.method == "GET";
  if (request.rpc || (!chat && !models)) {
    return absl::NotFoundError(
        absl::StrCat("unknown request: ", request.method, " ", request.path));
  }
  CS_ASSIGN_OR_RETURN(ReadCall call, chat ? ReadChatCompletion(request) : ReadModels(path));
  if (chat) call.upstream_path = "/chat/completions";
  CS_RETURN_IF_ERROR(AddQuery(request.query, call));
  return call;
}

AnswerFormat OpenAiDialect::ClassifyAnswer(const AnswerHead& head) const {
  const bool is_stream =
      head.status < 400 && absl::StartsWithIgnoreCase(head.content_type, sse::kContentType);
  return is_stream ? AnswerFormat::kEventStream : AnswerFormat::kDocument;
}

std::unique_ptr<AnswerReader> OpenAiDialect::OpenAnswer(const ReadCall& call,
                                                        const AnswerHead& head,
                                                        const AnswerOptions& options) const {
  const bool refuse_unknown = options.unknown_events == domain::UnknownEvents::kRefuse;
  if (ClassifyAnswer(head) == AnswerFormat::kEventStream) {
    return std::make_unique<StreamAnswer>(StreamAnswer::Options{
        options.masked, call.hide_usage, refuse_unknown, options.max_event_bytes});
  }
  CompletionGrammar::ServesModel serves;
  if (call.prompt != nullptr && call.prompt->operation == kListModels && options.connection) {
    serves = [connection = options.connection](absl::string_view model) {
      return domain::ServesModel(*connection, model);
    };
  }
  return std::make_unique<DocumentAnswer>(
      DocumentAnswer::Options{options.masked, head.status, refuse_unknown}, std::move(serves));
}

std::string OpenAiDialect::FormatError(const CallerError& error) const {
  json::Writer out;
  WriteError(out, error);
  return out.str();
}

std::string OpenAiDialect::FormatErrorEvent(const CallerError& error) const {
  return sse::FormatEvent(FormatError(error));
}

std::optional<std::string> OpenAiDialect::ErrorBodyToEvent(absl::string_view body) const {
  const absl::StatusOr<json::Document> document = json::ParseAnyJson(body);
  if (!document.ok() || !document->root()["error"].exists()) return std::nullopt;
  return sse::FormatEvent(absl::StripAsciiWhitespace(body));
}

std::string OpenAiDialect::FormatKeepAlive() const { return sse::FormatComment("waiting"); }

absl::string_view OpenAiDialect::stream_content_type() const {
  return "text/event-stream; charset=utf-8";
}

}  // namespace countersign::dialects::openai
