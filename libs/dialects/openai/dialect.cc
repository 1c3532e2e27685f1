#include "libs/dialects/openai/dialect.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/base/hex_digits.h"
#include "libs/base/status.h"
#include "libs/base/utf8.h"
#include "libs/dialects/openai/document_answer.h"
#include "libs/dialects/openai/request.h"
#include "libs/dialects/openai/stream_answer.h"
#include "libs/dialects/sse/writer.h"
#include "libs/json/document.h"
#include "libs/json/writer.h"

namespace countersign::dialects::openai {
namespace {

constexpr absl::string_view kModels = "/v1/models";
constexpr char kListModels[] = "models.list";

// The query goes upstream and no policy reads it: only what parameters look like may pass.
bool IsPlainQuery(absl::string_view query) {
  return query.size() <= 256 && std::all_of(query.begin(), query.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                  absl::StrContains("-._~=&", c);
         });
}

// Resolves percent encoding. INVALID_ARGUMENT when it is wrong or hides a control character.
absl::StatusOr<std::string> DecodePercent(absl::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result += text[i];
      continue;
    }
    const auto byte = i + 2 < text.size() ? ParseHex(text.substr(i + 1, 2)) : std::nullopt;
    if (!byte) return absl::InvalidArgumentError("the path is not percent-encoded correctly");
    result += static_cast<char>(*byte);
    i += 2;
  }
  if (!IsUtf8(result) || std::any_of(result.begin(), result.end(), [](char c) {
        return absl::ascii_iscntrl(static_cast<unsigned char>(c));
      })) {
    return absl::InvalidArgumentError("the path is not text");
  }
  return result;
}

// A path that two servers could read differently names no model.
bool IsPlainModelPath(absl::string_view id) {
  return !id.empty() && id.size() <= 256 && !absl::StrContains(id, "..") &&
         !absl::StrContains(id, "//");
}

absl::StatusOr<ReadCall> ReadModels(const IncomingRequest& request) {
  domain::Prompt prompt;
  absl::string_view id = request.path;
  absl::ConsumePrefix(&id, kModels);
  prompt.operation = kListModels;
  if (absl::ConsumePrefix(&id, "/")) {
    CS_ASSIGN_OR_RETURN(prompt.model, DecodePercent(id));
    if (!IsPlainModelPath(prompt.model)) return absl::InvalidArgumentError("no such model id");
    prompt.operation = "models.get";
  }
  ReadCall call;
  call.prompt = std::make_shared<const domain::Prompt>(std::move(prompt));
  call.method = "GET";
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
  const bool chat = request.path == "/v1/chat/completions" && request.method == "POST";
  const bool models =
      (request.path == kModels || absl::StartsWith(request.path, absl::StrCat(kModels, "/"))) &&
      request.method == "GET";
  if (!chat && !models) {
    return absl::NotFoundError(
        absl::StrCat("unknown request: ", request.method, " ", request.path));
  }
  if (!IsPlainQuery(request.query)) {
    return absl::InvalidArgumentError("the query has characters that parameters do not need");
  }
  CS_ASSIGN_OR_RETURN(ReadCall call, chat ? ReadChatCompletion(request) : ReadModels(request));
  call.upstream_path = absl::StrCat(absl::StripPrefix(request.path, "/v1"),
                                    request.query.empty() ? "" : "?", request.query);
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
    return std::make_unique<StreamAnswer>(
        StreamAnswer::Options{options.masked, call.hide_usage, refuse_unknown});
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
  const absl::StatusOr<json::Document> document = json::Document::Parse(body);
  if (!document.ok() || !document->root()["error"].exists()) return std::nullopt;
  return sse::FormatEvent(absl::StripAsciiWhitespace(body));
}

std::string OpenAiDialect::FormatKeepAlive() const { return sse::FormatComment("waiting"); }

absl::string_view OpenAiDialect::stream_content_type() const {
  return "text/event-stream; charset=utf-8";
}

}  // namespace countersign::dialects::openai
