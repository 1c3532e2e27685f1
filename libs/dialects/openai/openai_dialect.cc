#include "libs/dialects/openai/openai_dialect.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/base/status.h"
#include "libs/base/utf8.h"
#include "libs/dialects/openai/openai_body.h"
#include "libs/dialects/openai/openai_request.h"
#include "libs/dialects/openai/openai_stream.h"
#include "libs/json/writer.h"

namespace countersign::dialects {
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

// Percent-encoding resolved; nothing when it is wrong or hides a control character.
absl::StatusOr<std::string> Decoded(absl::string_view text) {
  std::string result;
  const auto digit = [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c))
               ? c - '0'
               : absl::ascii_tolower(static_cast<unsigned char>(c)) - 'a' + 10;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result += text[i];
      continue;
    }
    if (i + 2 >= text.size() || !absl::ascii_isxdigit(static_cast<unsigned char>(text[i + 1])) ||
        !absl::ascii_isxdigit(static_cast<unsigned char>(text[i + 2]))) {
      return absl::InvalidArgumentError("the path is not percent-encoded correctly");
    }
    result += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
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
    CS_ASSIGN_OR_RETURN(prompt.model, Decoded(id));
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

std::unique_ptr<AnswerReader> OpenAiDialect::OpenAnswer(
    const ReadCall& call, const AnswerHead& head, const domain::Connection& connection, bool masked,
    domain::UnknownEvents unknown_events) const {
  const bool refuse_unknown = unknown_events == domain::UnknownEvents::kRefuse;
  if (head.event_stream && head.status < 400) {
    return std::make_unique<OpenAiStream>(
        OpenAiStream::Options{masked, call.hide_usage, refuse_unknown});
  }
  OpenAiBody::Options options;
  options.masked = masked;
  options.status = head.status;
  options.refuse_unknown = refuse_unknown;
  if (call.prompt->operation == kListModels) {
    options.serves = [&connection](absl::string_view model) {
      return domain::ServesModel(connection, model);
    };
  }
  return std::make_unique<OpenAiBody>(std::move(options));
}

std::string OpenAiDialect::ErrorBody(const CallerError& error) const {
  json::Writer out;
  WriteError(out, error);
  return out.str();
}

std::string OpenAiDialect::InBandError(const CallerError& error) const {
  return absl::StrCat("data: ", ErrorBody(error), "\n\n");
}

}  // namespace countersign::dialects
