#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/demo_model/script.h"

// The JSON of Anthropic's Messages API, as the demo model writes it.
namespace countersign::demo_model {

// INVALID_ARGUMENT with a message for the caller.
absl::StatusOr<ChatRequest> ReadMessagesRequest(absl::string_view body);

// The whole answer as one body.
std::string Message(const ChatRequest& request, const Answer& answer);

// The same answer as the events of a stream, in order, with their blank lines.
std::vector<std::string> MessageEvents(const ChatRequest& request, const Answer& answer);

std::string TokenCount(const ChatRequest& request);
std::string MessageErrorBody(int status, absl::string_view message);
std::string MessageModelList();
std::string MessageModel(absl::string_view id);  // "" for an unknown one

}  // namespace countersign::demo_model
