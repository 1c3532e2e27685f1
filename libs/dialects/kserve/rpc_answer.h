#pragma once

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "libs/dialects/dialect.h"
#include "libs/dialects/rpc/frame_answer.h"

namespace countersign::dialects::kserve {

// Takes the messages of an answer of the method at `path` apart. The elements of BYTES tensors are
// texts, each continues in the next message of a stream; they end with the response that says
// `triton_final_response`, or with the answer. All other strings are whole texts of their own.
rpc::ReadMessage MakeMessageReader(absl::string_view path, const AnswerOptions& options);

// A ModelStreamInferResponse: `failure`, with the id of `request`, a ModelInferRequest.
std::string WriteStreamFailure(absl::string_view request, absl::string_view failure);

}  // namespace countersign::dialects::kserve
