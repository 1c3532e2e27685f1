#pragma once

#include <google/protobuf/message.h>

#include <string>

namespace countersign::edge::admin {

// `message` in protobuf's JSON form: lowerCamelCase, every scalar, list and map present even where
// it is empty (but for unset `optional` ones and messages), enums by name, 64-bit integers as
// texts, bytes as base64, maps sorted by key, so that the same answer reads the same each time.
//
// Of the well-known types only Timestamp has its own form; REQUIRES that `message` holds no other.
// Many times as fast as protobuf's own printer, which goes through text one character at a time.
std::string MessageToJson(const google::protobuf::Message& message);

}  // namespace countersign::edge::admin
