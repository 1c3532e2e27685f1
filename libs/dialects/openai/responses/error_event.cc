#include "libs/dialects/openai/responses/error_event.h"

#include "absl/strings/str_cat.h"
#include "libs/dialects/openai/error_body.h"
#include "libs/dialects/sse/writer.h"
#include "libs/json/any_json.h"
#include "libs/json/document.h"
#include "libs/json/writer.h"

namespace countersign::dialects::openai::responses {
namespace {

using json::Type;
using json::Value;

std::string TextOr(const Value& value, absl::string_view other) {
  return json::Quote(value.is(Type::kString) ? value.text() : other);
}

}  // namespace

std::string WriteErrorEvent(const CallerError& error, std::int64_t number) {
  return *WriteErrorEvent(WriteErrorBody(error), number);
}

std::optional<std::string> WriteErrorEvent(absl::string_view body, std::int64_t number) {
  const absl::StatusOr<json::Document> document = json::ParseAnyJson(body);
  if (!document.ok()) return std::nullopt;
  const Value error = document->root()["error"];
  if (!error.is(Type::kObject) && !error.is(Type::kString)) return std::nullopt;
  const Value param = error["param"];
  return sse::FormatEvent(
      absl::StrCat("{\"type\":\"error\",\"code\":", TextOr(error["code"], "upstream_error"),
                   ",\"message\":", TextOr(error["message"], error.text()),
                   ",\"param\":", param.is(Type::kString) ? json::Quote(param.text()) : "null",
                   ",\"sequence_number\":", number,
                   ",\"error\":", body.substr(error.begin(), error.end() - error.begin()), "}"),
      "error");
}

}  // namespace countersign::dialects::openai::responses
