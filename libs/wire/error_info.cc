#include "libs/wire/error_info.h"

#include <utility>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "libs/base/status.h"
#include "libs/grpc_wire/error_details.h"

namespace countersign::wire {
namespace {

google::rpc::ErrorInfo MakeErrorInfo(absl::string_view reason) {
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(reason));
  info.set_domain(std::string(grpc_wire::kErrorDomain));
  return info;
}

std::vector<FieldViolation> ReadViolations(const google::rpc::BadRequest& bad_request) {
  std::vector<FieldViolation> violations;
  for (const auto& violation : bad_request.field_violations()) {
    violations.push_back({violation.field(), violation.description()});
  }
  return violations;
}

}  // namespace

std::string StatusDetails(const absl::Status& status) {
  const std::string reason = GetReason(status);
  google::rpc::BadRequest bad_request;
  bad_request.ParseFromString(grpc_wire::EncodeBadRequest(GetViolations(status)));
  google::rpc::Status details;
  details.set_code(static_cast<int>(status.code()));
  if (!reason.empty()) details.add_details()->PackFrom(MakeErrorInfo(reason));
  if (bad_request.field_violations_size() > 0) details.add_details()->PackFrom(bad_request);
  return details.details_size() == 0 ? "" : details.SerializeAsString();
}

absl::Status WithDetails(absl::Status status, absl::string_view details) {
  google::rpc::Status read;
  if (!read.ParseFromArray(details.data(), static_cast<int>(details.size()))) return status;
  for (const google::protobuf::Any& any : read.details()) {
    google::rpc::ErrorInfo info;
    if (any.Is<google::rpc::ErrorInfo>() && any.UnpackTo(&info) &&
        info.domain() == grpc_wire::kErrorDomain) {
      status = WithReason(std::move(status), info.reason());
    }
    google::rpc::BadRequest bad_request;
    if (any.Is<google::rpc::BadRequest>() && any.UnpackTo(&bad_request)) {
      status = WithViolations(std::move(status), ReadViolations(bad_request));
    }
  }
  return status;
}

}  // namespace countersign::wire
