#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace countersign::demo_model {

// The members of a request to /v1/chat/completions that the demo model reads.
struct ChatRequest {
  std::string model;
  std::string prompt;  // the text of the last user message
  std::size_t prompt_tokens = 0;
  bool stream = false;
  bool include_usage = false;
  bool logprobs = false;
  int choices = 1;
  std::vector<std::string> tools;
};

// INVALID_ARGUMENT with a message for the caller.
absl::StatusOr<ChatRequest> ReadChatRequest(absl::string_view body);

// The scripted answer to a request.
struct Answer {
  std::string content;
  std::string refusal;
  std::string reasoning;        // sent before the content, as reasoning_content
  std::string tool;             // name of a tool to call …
  std::string tool_arguments;   // … with these JSON arguments
  int fail_with = 0;            // an HTTP error instead of an answer
  std::size_t break_after = 0;  // cut the connection after this many pieces; 0: never
  std::size_t piece_bytes = 4;  // approximate size of a stream's pieces
  bool until_left = false;  // repeat the content until the caller leaves (at most 100,000 pieces)
};

// The cues that the demo model recognises in a prompt:
//   customer file           an answer with a card number, an SSN and a project identifier
//   think about …           the same secrets in its reasoning
//   decline                 a refusal that holds a card number
//   weather                 a call of the first tool offered, with a card number in its arguments
//   say exactly: TEXT       TEXT
//   in pieces of N say exactly: TEXT   TEXT, in a stream N bytes at a time
//   shout: TEXT             TEXT in upper case, a space in place of each underscore
//   call with: JSON         a call of the first tool offered, with these arguments
//   fail with STATUS        that HTTP error
//   break off               a stream that ends in the middle of an event
//   count                   numbers, until the caller leaves
// Otherwise the answer is a sentence about the prompt's length.
Answer ChooseAnswer(const ChatRequest& request);

// Splits `text` into pieces of a few bytes, as tokens would be, at UTF-8 character boundaries.
std::vector<std::string> Pieces(absl::string_view text, std::size_t bytes = Answer().piece_bytes);

}  // namespace countersign::demo_model
