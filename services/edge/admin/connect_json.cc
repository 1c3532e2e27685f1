#include "services/edge/admin/connect_json.h"

#include <google/protobuf/util/json_util.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/json/document.h"
#include "libs/json/writer.h"
#include "libs/wire/error_info.h"

namespace countersign::edge::admin {
namespace {

struct CodeRow {
  absl::StatusCode code;
  const char* name;
  int http;
};

constexpr CodeRow kCodes[] = {
    {absl::StatusCode::kCancelled, "canceled", 499},
    {absl::StatusCode::kUnknown, "unknown", 500},
    {absl::StatusCode::kInvalidArgument, "invalid_argument", 400},
    {absl::StatusCode::kDeadlineExceeded, "deadline_exceeded", 504},
    {absl::StatusCode::kNotFound, "not_found", 404},
    {absl::StatusCode::kAlreadyExists, "already_exists", 409},
    {absl::StatusCode::kPermissionDenied, "permission_denied", 403},
    {absl::StatusCode::kResourceExhausted, "resource_exhausted", 429},
    {absl::StatusCode::kFailedPrecondition, "failed_precondition", 400},
    {absl::StatusCode::kAborted, "aborted", 409},
    {absl::StatusCode::kOutOfRange, "out_of_range", 400},
    {absl::StatusCode::kUnimplemented, "unimplemented", 501},
    {absl::StatusCode::kInternal, "internal", 500},
    {absl::StatusCode::kUnavailable, "unavailable", 503},
    {absl::StatusCode::kDataLoss, "data_loss", 500},
    {absl::StatusCode::kUnauthenticated, "unauthenticated", 401},
};

const CodeRow& FindRow(absl::StatusCode code) {
  for (const CodeRow& row : kCodes) {
    if (row.code == code) return row;
  }
  return kCodes[1];
}

std::string UnpaddedBase64(absl::string_view bytes) {
  std::string text = absl::Base64Escape(bytes);
  while (!text.empty() && text.back() == '=') text.pop_back();
  return text;
}

}  // namespace

absl::StatusOr<std::unique_ptr<google::protobuf::Message>> MessageFromJson(
    const google::protobuf::Descriptor& type, absl::string_view json) {
  CS_ASSIGN_OR_RETURN(const json::Document document,
                      json::Document::Parse(json, json::BodyLimits(json.size())));
  if (!document.root().is(json::Type::kObject)) {
    return absl::InvalidArgumentError("the body must be a JSON object");
  }
  std::unique_ptr<google::protobuf::Message> message(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(&type)->New());
  const auto status = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(json.data(), json.size()), message.get());
  if (!status.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("not a ", type.name(), ": ", status.message().ToString()));
  }
  return message;
}

std::string ErrorToJson(const absl::Status& status) {
  json::Writer writer;
  writer.BeginObject();
  writer.Key("code").String(ConnectCode(status.code()));
  writer.Key("message").String(status.message());
  if (const std::string reason = GetReason(status); !reason.empty()) {
    writer.Key("details").BeginArray().BeginObject();
    writer.Key("type").String(wire::kErrorInfoType);
    writer.Key("value").String(UnpaddedBase64(wire::ErrorInfoBytes(reason)));
    writer.Key("debug").BeginObject();
    writer.Key("reason").String(reason);
    writer.Key("domain").String(wire::kErrorDomain);
    writer.EndObject().EndObject().EndArray();
  }
  writer.EndObject();
  return writer.str();
}

absl::string_view ConnectCode(absl::StatusCode code) { return FindRow(code).name; }
int ToHttpStatus(absl::StatusCode code) { return FindRow(code).http; }

}  // namespace countersign::edge::admin
