#include "libs/dialects/openai/dialect.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/base/status.h"
#include "libs/dialects/answers/document_answer.h"
#include "libs/dialects/answers/event_stream_answer.h"
#include "libs/dialects/model_id.h"
#include "libs/dialects/openai/document_answer.h"
#include "libs/dialects/openai/error_body.h"
#include "libs/dialects/openai/request.h"
#include "libs/dialects/openai/responses/document_grammar.h"
#include "libs/dialects/openai/responses/error_event.h"
#include "libs/dialects/openai/responses/request.h"
#include "libs/dialects/openai/responses/stream_grammar.h"
#include "libs/dialects/openai/simple/document_grammar.h"
#include "libs/dialects/openai/simple/request.h"
#include "libs/dialects/openai/stream_answer.h"
#include "libs/dialects/percent.h"
#include "libs/dialects/query_texts.h"
#include "libs/dialects/sse/writer.h"
#include "libs/json/any_json.h"
#include "libs/json/document.h"

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

bool IsModels(absl::string_view path) {
  return path == kModels || absl::StartsWith(path, absl::StrCat(kModels, "/"));
}

// The request by its method and path.
absl::StatusOr<ReadCall> ReadOperation(const IncomingRequest& request, absl::string_view path) {
  if (path == "/v1/chat/completions" && request.method == "POST") {
    return ReadChatCompletion(request);
  }
  if (IsModels(path) && request.method == "GET") return ReadModels(path);
  for (const auto read : {responses::Read, simple::Read}) {
    CS_ASSIGN_OR_RETURN(std::optional<ReadCall> call, read(request, path));
    if (call) return *std::move(call);
  }
  return absl::NotFoundError(absl::StrCat(
      "unknown request: ", request.method, " ", request.path,
      "; served are chat/completions, responses, completions, embeddings, moderations and models "
      "below /v1"));
}

absl::string_view FindOperation(const ReadCall& call) {
  return call.prompt == nullptr ? absl::string_view() : call.prompt->operation;
}

bool HasVectorsOrScores(absl::string_view operation) {
  return operation == "embeddings" || operation == "moderations";
}

}  // namespace

absl::StatusOr<ReadCall> OpenAiDialect::Read(const IncomingRequest& request) const {
  if (request.rpc) return absl::NotFoundError("OpenAI's API is not served over gRPC");
  CS_ASSIGN_OR_RETURN(ReadCall call, ReadOperation(request, absl::StripSuffix(request.path, "/")));
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
  const absl::string_view operation = FindOperation(call);
  const bool response = responses::IsOperation(operation);
  if (ClassifyAnswer(head) == AnswerFormat::kEventStream) {
    const StreamAnswer::Options stream{options.masked, call.hide_usage, refuse_unknown,
                                       options.max_event_bytes};
    if (!response) return std::make_unique<StreamAnswer>(stream);
    return std::make_unique<answers::EventStreamAnswer>(
        std::make_unique<responses::StreamGrammar>(), stream);
  }
  const DocumentAnswer::Options document{options.masked, head.status, refuse_unknown};
  if (response) {
    return std::make_unique<answers::DocumentAnswer>(std::make_unique<responses::DocumentGrammar>(),
                                                     document);
  }
  if (HasVectorsOrScores(operation)) {
    return std::make_unique<answers::DocumentAnswer>(std::make_unique<simple::DocumentGrammar>(),
                                                     document);
  }
  CompletionGrammar::ServesModel serves;
  if (operation == kListModels && options.connection != nullptr) {
    serves = [connection = options.connection](absl::string_view model) {
      return domain::ServesModel(*connection, model);
    };
  }
  return std::make_unique<DocumentAnswer>(document, std::move(serves));
}

std::string OpenAiDialect::FormatError(const CallerError& error) const {
  return WriteErrorBody(error);
}

std::string OpenAiDialect::FormatErrorEvent(const CallerError& error) const {
  return sse::FormatEvent(FormatError(error));
}

std::optional<std::string> OpenAiDialect::ErrorBodyToEvent(absl::string_view body) const {
  const absl::StatusOr<json::Document> document = json::ParseAnyJson(body);
  if (!document.ok() || !document->root()["error"].exists()) return std::nullopt;
  return sse::FormatEvent(absl::StripAsciiWhitespace(body));
}

std::string OpenAiDialect::WriteErrorEvent(const CallerError& error,
                                           const StreamPlace& place) const {
  if (!responses::IsOperation(place.operation)) return FormatErrorEvent(error);
  return responses::WriteErrorEvent(error, place.number);
}

std::optional<std::string> OpenAiDialect::WriteErrorBodyEvent(absl::string_view body,
                                                              const StreamPlace& place) const {
  if (!responses::IsOperation(place.operation)) return ErrorBodyToEvent(body);
  return responses::WriteErrorEvent(body, place.number);
}

std::string OpenAiDialect::FormatKeepAlive() const { return sse::FormatComment("waiting"); }

absl::string_view OpenAiDialect::stream_content_type() const {
  return "text/event-stream; charset=utf-8";
}

}  // namespace countersign::dialects::openai
