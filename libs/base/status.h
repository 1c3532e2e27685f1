#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// Errors in this project are absl::Status values. What programs need to distinguish is a *reason*:
// a stable lower-case code ("policy_denied", "key_revoked") beside the message for people. Reasons
// cross gRPC as google.rpc.ErrorInfo (libs/rpc) and reach callers as the `code` of their dialect's
// error (services/edge).
namespace countersign {

// `status` with `reason` attached, replacing an earlier one. An OK status is returned unchanged.
absl::Status WithReason(absl::Status status, absl::string_view reason);

// The reason attached to `status`; "" if there is none.
std::string GetReason(const absl::Status& status);

// A field of a request whose value is refused.
struct FieldViolation {
  std::string field;  // its path: "settings.model", or "Policy/regulated.spec.when.model"
  std::string description;
  bool operator==(const FieldViolation&) const = default;
};

// INVALID_ARGUMENT "FIELD: WHAT" with that violation.
absl::Status InvalidField(absl::string_view field, absl::string_view what);

// `status` with these violations, in place of earlier ones. They cross gRPC as
// google.rpc.BadRequest.
absl::Status WithViolations(absl::Status status, const std::vector<FieldViolation>& violations);

// The violations attached to `status`.
std::vector<FieldViolation> GetViolations(const absl::Status& status);

// `status` with "context: " before its message, the same code and the same payloads. An OK status
// is returned unchanged.
absl::Status Annotate(const absl::Status& status, absl::string_view context);

}  // namespace countersign

#define CS_RETURN_IF_ERROR(expr)                              \
  do {                                                        \
    if (absl::Status cs_status_ = (expr); !cs_status_.ok()) { \
      return cs_status_;                                      \
    }                                                         \
  } while (false)

#define CS_STATUS_CONCAT_INNER_(a, b) a##b
#define CS_STATUS_CONCAT_(a, b) CS_STATUS_CONCAT_INNER_(a, b)
#define CS_ASSIGN_OR_RETURN_(tmp, lhs, expr)     \
  auto tmp = (expr);                             \
  if (!tmp.ok()) return std::move(tmp).status(); \
  lhs = *std::move(tmp)

// CS_ASSIGN_OR_RETURN(const Query query, QueryFromProto(request));
#define CS_ASSIGN_OR_RETURN(lhs, expr) \
  CS_ASSIGN_OR_RETURN_(CS_STATUS_CONCAT_(cs_statusor_, __LINE__), lhs, expr)
