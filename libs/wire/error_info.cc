#include "libs/wire/error_info.h"

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

}  // namespace

std::string StatusDetails(const absl::Status& status) {
  const std::string reason = GetReason(status);
  if (reason.empty()) return "";
  google::rpc::Status details;
  details.set_code(static_cast<int>(status.code()));
  details.add_details()->PackFrom(MakeErrorInfo(reason));
  return details.SerializeAsString();
}

std::string ReasonFromDetails(absl::string_view details) {
  google::rpc::Status status;
  if (!status.ParseFromArray(details.data(), static_cast<int>(details.size()))) return "";
  for (const google::protobuf::Any& any : status.details()) {
    google::rpc::ErrorInfo info;
    if (any.Is<google::rpc::ErrorInfo>() && any.UnpackTo(&info) &&
        info.domain() == grpc_wire::kErrorDomain) {
      return info.reason();
    }
  }
  return "";
}

}  // namespace countersign::wire
