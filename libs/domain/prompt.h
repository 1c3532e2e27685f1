#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace countersign::domain {

// What a request can ask for, in every dialect that is served.
inline constexpr std::array<absl::string_view, 3> kOperations = {"chat.completions", "models.list",
                                                                 "models.get"};

// One text that the caller sends to the model, decoded (JSON escapes resolved, valid UTF-8).
struct TextPart {
  std::string role;     // system, user, assistant, tool, function; the policy's `parts` name these
  std::string pointer;  // RFC 6901 pointer into the request body
  std::string text;
};

// A request as its dialect read it: everything that a policy can ask about, in the body's order.
struct Prompt {
  std::string operation;  // one of kOperations; the policy's `operations` name these
  std::string model;
  bool stream = false;
  std::vector<TextPart> parts;
  std::map<std::string, double> parameters;  // numeric request parameters by name, e.g. max_tokens
  std::vector<std::string> tools;            // names of the tools offered to the model
};

}  // namespace countersign::domain
