#pragma once

#include <google/protobuf/message.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// The JSON of the Connect protocol: messages that come in, and errors. Those that go out:
// message_json.h.
namespace countersign::edge::admin {

// Parses a message of `type` from JSON. INVALID_ARGUMENT unless it is exactly one object of strict
// JSON (no duplicate keys, nothing after it) with known fields of the right types.
absl::StatusOr<std::unique_ptr<google::protobuf::Message>> MessageFromJson(
    const google::protobuf::Descriptor& type, absl::string_view json);

// {"code": "not_found", "message": …, "details": [google.rpc.ErrorInfo with the reason]}.
// REQUIRES: `status` is not OK.
std::string ErrorToJson(const absl::Status& status);

// The Connect protocol's name of a code: "not_found".
absl::string_view ConnectCode(absl::StatusCode code);
// The Connect protocol's HTTP status of a code: 404.
int ToHttpStatus(absl::StatusCode code);

}  // namespace countersign::edge::admin
