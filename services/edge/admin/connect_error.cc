#include "services/edge/admin/connect_error.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "libs/base/status.h"
#include "libs/grpc_wire/error_details.h"
#include "libs/grpc_wire/fields.h"
#include "libs/grpc_wire/status_code.h"
#include "libs/json/writer.h"
#include "services/edge/grpc_calls/status_details.h"

namespace countersign::edge::admin {
namespace {

// The statuses with which the edge itself refuses an RPC.
constexpr std::pair<int, absl::StatusCode> kCodes[] = {
    {400, absl::StatusCode::kInvalidArgument},   {401, absl::StatusCode::kUnauthenticated},
    {403, absl::StatusCode::kPermissionDenied},  {404, absl::StatusCode::kUnimplemented},
    {413, absl::StatusCode::kResourceExhausted}, {429, absl::StatusCode::kResourceExhausted},
    {503, absl::StatusCode::kUnavailable},
};

absl::StatusCode FindCode(const dialects::CallerError& error) {
  for (const auto& [http_status, code] : kCodes) {
    if (http_status == error.http_status) return code;
  }
  return absl::StatusCode::kUnknown;
}

// Begins an element of `details`; its `debug` follows.
void BeginDetail(absl::string_view type, absl::string_view bytes, json::Writer& writer) {
  writer.BeginObject();
  writer.Key("type").String(type);
  writer.Key("value").String(grpc_wire::EncodeBinary(bytes));
  writer.Key("debug").BeginObject();
}

void AddErrorInfo(const std::string& reason, const std::string& review, json::Writer& writer) {
  std::vector<std::pair<std::string, std::string>> metadata;
  if (!review.empty()) metadata.emplace_back("review_id", review);
  BeginDetail("google.rpc.ErrorInfo", grpc_wire::EncodeErrorInfo(reason, metadata), writer);
  writer.Key("reason").String(reason);
  writer.Key("domain").String(grpc_wire::kErrorDomain);
  if (!review.empty()) {
    writer.Key("metadata").BeginObject().Key("review_id").String(review).EndObject();
  }
  writer.EndObject().EndObject();
}

void AddBadRequest(const std::vector<FieldViolation>& violations, json::Writer& writer) {
  BeginDetail("google.rpc.BadRequest", grpc_wire::EncodeBadRequest(violations), writer);
  writer.Key("fieldViolations").BeginArray();
  for (const FieldViolation& violation : violations) {
    writer.BeginObject().Key("field").String(violation.field);
    writer.Key("description").String(violation.description).EndObject();
  }
  writer.EndArray().EndObject().EndObject();
}

}  // namespace

std::string ConnectErrorBody(const dialects::CallerError& error) {
  json::Writer out;
  out.BeginObject().Key("code").String(grpc_wire::ConnectName(FindCode(error)));
  out.Key("message").String(error.message).EndObject();
  return out.str();
}

std::string ErrorToJson(const absl::Status& status) {
  json::Writer writer;
  writer.BeginObject();
  writer.Key("code").String(grpc_wire::ConnectName(status.code()));
  writer.Key("message").String(status.message());
  const std::string reason = GetReason(status);
  const std::vector<FieldViolation> violations = GetViolations(status);
  if (!reason.empty() || !violations.empty()) {
    writer.Key("details").BeginArray();
    if (!reason.empty()) AddErrorInfo(reason, grpc_calls::GetReview(status), writer);
    if (!violations.empty()) AddBadRequest(violations, writer);
    writer.EndArray();
  }
  writer.EndObject();
  return writer.str();
}

std::string ConnectEndOfStream(const absl::Status& status) {
  return status.ok() ? "{}" : absl::StrCat("{\"error\":", ErrorToJson(status), "}");
}

absl::Status ToStatus(const dialects::CallerError& error) {
  return WithReason(absl::Status(FindCode(error), error.message), error.code);
}

}  // namespace countersign::edge::admin
