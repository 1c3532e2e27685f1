#pragma once

#include <google/protobuf/message.h>

#include <string>

namespace countersign::edge::admin {

// `message` in protobuf's JSON form: lowerCamelCase, every scalar, list and map present even where
// it is empty (but for unset `optional` ones and messages), enums by name, 64-bit integers as
// texts, bytes as base64, maps sorted by key, so that equal answers have equal texts.
//
// Of the well-known types only Timestamp is supported; REQUIRES that `message` has no other. Many
// times as fast as protobuf's own printer.
std::string MessageToJson(const google::protobuf::Message& message);

}  // namespace countersign::edge::admin
