#pragma once

#include "libs/dialects/dialect.h"
#include "libs/protobuf_texts/schema.h"

namespace countersign::dialects::grpc_service {

// Reads the messages of a request: every text is a part of the prompt, opaque bytes and long lists
// of numbers are media by their digest, all else are members. The paths of a client stream's
// messages begin with `[0]`, `[1]`, …; where both sides stream each message is a request.
//
// The model is the string `model`, `model_name` or `model_spec.name`. A text's role is the string
// `role` beside it or around it, if it is a role that policies know.
//
// INVALID_ARGUMENT when a message is not of the method's input type, has ids of tokens, or two
// name different models. Unknown fields are read: what may be text in them is text.
absl::StatusOr<ReadCall> ReadRequest(const IncomingRequest& request,
                                     const protobuf_texts::Schema& schema,
                                     const protobuf_texts::Method& method);

}  // namespace countersign::dialects::grpc_service
