#include "libs/dialects/caller_error.h"

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace countersign::dialects {
namespace {

struct CodeRow {
  absl::string_view code;
  int http_status;
  absl::string_view type;
};

constexpr CodeRow kCodes[] = {
    {"invalid_request", 400, "invalid_request_error"},
    {"unauthenticated", 401, "authentication_error"},
    {"permission_denied", 403, "permission_error"},
    {"policy_denied", 403, "permission_error"},
    {"review_denied", 403, "permission_error"},
    {"review_expired", 403, "permission_error"},
    {"review_pending", 403, "permission_error"},
    {"killed", 403, "permission_error"},
    {"unknown_connection", 404, "not_found_error"},
    {"model_not_found", 404, "not_found_error"},
    {"not_found", 404, "not_found_error"},
    {"payload_too_large", 413, "invalid_request_error"},
    {"rate_limited", 429, "rate_limit_error"},
    {"too_many_reviews", 429, "rate_limit_error"},
    {"headers_too_large", 431, "invalid_request_error"},
    {"upstream_error", 502, "server_error"},
    {"upstream_auth", 502, "server_error"},
    {"upstream_protocol", 502, "server_error"},
    {"upstream_unreachable", 502, "server_error"},
    {"unavailable", 503, "server_error"},
    {"upstream_timeout", 504, "server_error"},
};

}  // namespace

CallerError MakeCallerError(absl::string_view code, absl::string_view message) {
  CallerError error;
  for (const CodeRow& row : kCodes) {
    if (row.code != code) continue;
    error.http_status = row.http_status;
    error.code = std::string(row.code);
    error.type = std::string(row.type);
  }
  error.message = std::string(message);
  // Another try would bring the same.
  error.final = error.http_status == 403 || error.code == "too_many_reviews";
  if (error.code == "unavailable") error.retry_after = absl::Seconds(1);
  return error;
}

CallerError MakePartError(const absl::Status& status, absl::string_view part) {
  if (absl::IsUnauthenticated(status)) {
    return MakeCallerError("unauthenticated", status.message());
  }
  if (GetReason(status) == "too_many_reviews") {
    return MakeCallerError("too_many_reviews", status.message());
  }
  return MakeCallerError("unavailable",
                         absl::StrCat("the gateway's ", part, " is not available; try again"));
}

CallerError MakeUpstreamError(const absl::Status& status) {
  const std::string reason = GetReason(status);
  const bool unreachable = reason == "upstream_unreachable";
  CallerError error = MakeCallerError("upstream_error", "the model's server broke off its answer");
  if (absl::IsDeadlineExceeded(status)) {
    return MakeCallerError("upstream_timeout",
                           unreachable ? "the model's server did not accept a connection in time"
                                       : "the model took too long to answer");
  }
  if (absl::IsPermissionDenied(status)) {
    error = MakeCallerError("upstream_error",
                            "the connection's address may not be reached from this gateway");
  } else if (absl::IsInvalidArgument(status)) {
    error = MakeCallerError("upstream_error", "the connection's URL cannot be used");
  } else if (reason == "upstream_auth") {
    error = MakeCallerError(reason,
                            "the model's server refused the gateway's credential; its "
                            "administrator must renew it");
  } else if (reason == "upstream_protocol") {
    error = MakeCallerError(
        reason,
        absl::StrCat("the model's server sent an answer that cannot be read: ", status.message()));
  } else if (unreachable) {
    return MakeCallerError(reason, "the model's server could not be reached");
  } else {
    return error;
  }
  error.final = true;  // a retry would have the same result
  return error;
}

}  // namespace countersign::dialects
