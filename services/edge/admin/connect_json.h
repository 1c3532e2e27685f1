#pragma once

#include <google/protobuf/message.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// The JSON of the Connect protocol: messages and errors.
namespace countersign::edge::admin {

// A message of `type` from JSON. INVALID_ARGUMENT for anything but one object of strict JSON (no
// duplicate keys, nothing after it), unknown fields and wrong types.
absl::StatusOr<std::unique_ptr<google::protobuf::Message>> MessageFromJson(
    const google::protobuf::Descriptor& type, absl::string_view json);

// lowerCamelCase, every scalar and list present even where it is empty.
std::string MessageToJson(const google::protobuf::Message& message);

// {"code": "not_found", "message": …, "details": [google.rpc.ErrorInfo with the reason]}.
// REQUIRES: `status` is not OK.
std::string ErrorToJson(const absl::Status& status);

// "not_found"; as the Connect protocol names codes.
absl::string_view ConnectCode(absl::StatusCode code);
// 404; as the Connect protocol maps codes to HTTP.
int ToHttpStatus(absl::StatusCode code);

}  // namespace countersign::edge::admin
