#pragma once

#include <string>
#include <vector>

#include "services/demo_model/script.h"

// The JSON of OpenAI's chat completions API, as the demo model writes it.
namespace countersign::demo_model {

// The whole answer as one body.
std::string Completion(const ChatRequest& request, const Answer& answer);

// The same answer as the data of a stream's events, in order, without the final [DONE].
std::vector<std::string> Chunks(const ChatRequest& request, const Answer& answer);

std::string ErrorBody(int status, absl::string_view message);
std::string ModelList();
std::string Model(absl::string_view id);  // "" for an unknown one

}  // namespace countersign::demo_model
