#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/demo_model/script.h"

// The JSON of OpenAI's completions, embeddings and moderations, as the demo model writes it.
namespace countersign::demo_model {

// The members of a request to /v1/completions that the demo model reads. INVALID_ARGUMENT with a
// message for the caller.
absl::StatusOr<ChatRequest> ReadCompletionRequest(absl::string_view body);

std::string TextCompletion(const ChatRequest& request, const Answer& answer);
// The same answer as the data of a stream's events, in order, without the final [DONE].
std::vector<std::string> TextChunks(const ChatRequest& request, const Answer& answer);

// A vector for each text of the request, and one result.
absl::StatusOr<std::string> Embeddings(absl::string_view body);
std::string Moderation();

}  // namespace countersign::demo_model
