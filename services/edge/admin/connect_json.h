#pragma once

#include <google/protobuf/message.h>

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// The JSON of the Connect protocol: messages that come in. Those that go out: message_json.h;
// errors: connect_error.h.
namespace countersign::edge::admin {

// Parses a message of `type` from JSON. INVALID_ARGUMENT unless it is exactly one object of strict
// JSON (no duplicate keys, nothing after it) with known fields of the right types.
absl::StatusOr<std::unique_ptr<google::protobuf::Message>> MessageFromJson(
    const google::protobuf::Descriptor& type, absl::string_view json);

}  // namespace countersign::edge::admin
