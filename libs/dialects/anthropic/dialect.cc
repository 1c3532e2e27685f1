#include "libs/dialects/anthropic/dialect.h"

#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/dialects/anthropic/document_answer.h"
#include "libs/dialects/anthropic/json_lines_answer.h"
#include "libs/dialects/anthropic/request.h"
#include "libs/dialects/anthropic/stream_answer.h"
#include "libs/dialects/sse/writer.h"
#include "libs/json/any_json.h"
#include "libs/json/document.h"
#include "libs/json/writer.h"

namespace countersign::dialects::anthropic {
namespace {

// Anthropic's own names; clients retry by them where an error in a stream has no status.
absl::string_view ErrorType(int http_status) {
  switch (http_status) {
    case 401: return "authentication_error";
    case 402: return "billing_error";
    case 403: return "permission_error";
    case 404: return "not_found_error";
    case 413: return "request_too_large";
    case 429: return "rate_limit_error";
    case 504: return "timeout_error";
    case 529: return "overloaded_error";
    default: return http_status < 500 ? "invalid_request_error" : "api_error";
  }
}

}  // namespace

absl::StatusOr<ReadCall> AnthropicDialect::Read(const IncomingRequest& request) const {
  return ReadRequest(request);
}

AnswerFormat AnthropicDialect::ClassifyAnswer(const AnswerHead& head) const {
  const bool is_stream =
      head.status < 400 && absl::StartsWithIgnoreCase(head.content_type, sse::kContentType);
  return is_stream ? AnswerFormat::kEventStream : AnswerFormat::kDocument;
}

std::unique_ptr<AnswerReader> AnthropicDialect::OpenAnswer(const ReadCall& call,
                                                           const AnswerHead& head,
                                                           const AnswerOptions& options) const {
  const bool refuse_unknown = options.unknown_events == domain::UnknownEvents::kRefuse;
  const answers::SignedTexts signed_texts = answers::ChooseSignedTexts(options);
  if (ClassifyAnswer(head) == AnswerFormat::kEventStream) {
    StreamAnswer::Options stream;
    stream.masked = options.masked;
    stream.refuse_unknown = refuse_unknown;
    stream.max_event_bytes = options.max_event_bytes;
    stream.signed_texts = signed_texts;
    return std::make_unique<StreamAnswer>(stream);
  }
  const DocumentAnswer::Options document{options.masked, head.status, refuse_unknown, signed_texts};
  const std::string operation = call.prompt == nullptr ? "" : call.prompt->operation;
  if (operation == "messages.batches.results" && head.status < 400) {
    return std::make_unique<JsonLinesAnswer>(
        [document] { return std::make_unique<DocumentAnswer>(document); });
  }
  DocumentGrammar::ServesModel serves;
  if (operation == "models.list" && options.connection != nullptr) {
    serves = [connection = options.connection](absl::string_view model) {
      return domain::ServesModel(*connection, model);
    };
  }
  return std::make_unique<DocumentAnswer>(document, std::move(serves));
}

std::string AnthropicDialect::FormatError(const CallerError& error) const {
  json::Writer out;
  out.BeginObject().Key("type").String("error").Key("error").BeginObject();
  out.Key("type").String(ErrorType(error.http_status)).Key("message").String(error.message);
  out.Key("code").String(error.code);
  if (!error.param.empty()) out.Key("param").String(error.param);
  if (!error.review_id.empty()) out.Key("review_id").String(error.review_id);
  out.EndObject();
  if (!error.request_id.empty()) out.Key("request_id").String(error.request_id);
  return out.EndObject().str();
}

std::string AnthropicDialect::FormatErrorEvent(const CallerError& error) const {
  return sse::FormatEvent(FormatError(error), "error");
}

std::optional<std::string> AnthropicDialect::ErrorBodyToEvent(absl::string_view body) const {
  const absl::StatusOr<json::Document> document = json::ParseAnyJson(body);
  if (!document.ok() || document->root()["type"].text() != "error") return std::nullopt;
  return sse::FormatEvent(absl::StripAsciiWhitespace(body), "error");
}

// A comment for clients that look for one, in the event that the API itself keeps streams alive
// with.
std::string AnthropicDialect::FormatKeepAlive() const {
  return absl::StrCat(": waiting\n", sse::FormatEvent(R"({"type": "ping"})", "ping"));
}

absl::string_view AnthropicDialect::stream_content_type() const {
  return "text/event-stream; charset=utf-8";
}

}  // namespace countersign::dialects::anthropic
