#pragma once

#include "libs/protobuf_texts/read_message.h"

// Ids of tokens are text that only their tokenizer can read: policies, masking and reviewers
// cannot. They are known by their name: numbers in a field `token_ids`, `input_ids`, `output_ids`
// or `…_token_ids`, except `stop_token_ids`.
namespace countersign::dialects::grpc_service {

bool IsTokenIds(const protobuf_texts::Value& value);

// Whether a message of the type, or one within it, has such a field.
bool HasTokenIds(const protobuf_texts::MessageType& type);

}  // namespace countersign::dialects::grpc_service
