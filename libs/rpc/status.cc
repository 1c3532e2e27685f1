#include "libs/rpc/status.h"

#include <string>

#include "libs/base/status.h"
#include "libs/wire/error_info.h"

namespace countersign::rpc {
namespace {
// Percent-encoded as the message and in base64 in the details, this fits the metadata limit of
// channel.cc. Lists of mistakes in resources need the space.
constexpr std::size_t kMaxMessageBytes = 6 << 10;
}  // namespace

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  absl::string_view message = status.message();
  if (message.size() > kMaxMessageBytes) {
    std::size_t end = kMaxMessageBytes;
    while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0) == 0x80) --end;
    message = message.substr(0, end);
  }
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(message),
                      wire::StatusDetails(status));
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const int code = status.error_code();
  const bool known = code > 0 && code <= static_cast<int>(absl::StatusCode::kUnauthenticated);
  const absl::Status plain(known ? static_cast<absl::StatusCode>(code) : absl::StatusCode::kUnknown,
                           status.error_message());
  return wire::WithDetails(plain, status.error_details());
}

}  // namespace countersign::rpc
