#pragma once

#include <google/protobuf/message.h>

#include <string>

namespace countersign::edge::admin {

// `message` in protobuf's JSON form: names in lowerCamelCase, all scalars, lists and maps present
// even if empty (except unset `optional` ones and messages), enums by name, 64-bit integers as
// strings, bytes as base64. Maps are sorted by key, so that equal messages have equal JSON.
//
// Much faster than protobuf's own printer. REQUIRES: `message` contains no well-known type other
// than Timestamp.
std::string MessageToJson(const google::protobuf::Message& message);

}  // namespace countersign::edge::admin
