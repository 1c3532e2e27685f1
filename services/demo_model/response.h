#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/demo_model/script.h"

// The JSON of OpenAI's responses API, as the demo model writes it.
namespace countersign::demo_model {

// The members of a request to /v1/responses that the demo model reads. INVALID_ARGUMENT with a
// message for the caller.
absl::StatusOr<ChatRequest> ReadResponseRequest(absl::string_view body);

// The whole response, as one body.
std::string Response(const ChatRequest& request, const Answer& answer);

// The events of the same response's stream, in order.
struct ResponseEvent {
  std::string type;
  std::string data;
};
std::vector<ResponseEvent> ResponseEvents(const ChatRequest& request, const Answer& answer);

// A response that was kept, whatever its id; the request that it answered, as input items; what is
// left of it when it was deleted.
std::string KeptResponse(absl::string_view id, absl::string_view status);
std::string InputItems();
std::string DeletedResponse(absl::string_view id);

}  // namespace countersign::demo_model
