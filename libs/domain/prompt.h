#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace countersign::domain {

// What a request can ask for, in every dialect that is served.
inline constexpr std::array<absl::string_view, 28> kOperations = {"chat.completions",
                                                                  "responses",
                                                                  "responses.get",
                                                                  "responses.delete",
                                                                  "responses.cancel",
                                                                  "responses.input_items",
                                                                  "responses.input_tokens",
                                                                  "responses.compact",
                                                                  "completions",
                                                                  "embeddings",
                                                                  "moderations",
                                                                  "messages",
                                                                  "messages.count_tokens",
                                                                  "messages.batches.create",
                                                                  "messages.batches.list",
                                                                  "messages.batches.get",
                                                                  "messages.batches.results",
                                                                  "messages.batches.cancel",
                                                                  "messages.batches.delete",
                                                                  "models.list",
                                                                  "models.get",
                                                                  "models.infer",
                                                                  "models.metadata",
                                                                  "models.ready",
                                                                  "server.metadata",
                                                                  "server.live",
                                                                  "server.ready",
                                                                  "passThrough"};

// One text that the caller sends to the model, decoded (JSON escapes resolved, valid UTF-8).
struct TextPart {
  std::string role;     // system, user, assistant, tool, function; the policy's `parts` name these
  std::string pointer;  // RFC 6901 pointer into the request body
  std::string text;
  // Parts with the same number above 0 are one text for the model, in their order, e.g. the parts
  // of a message, or consecutive messages of one role.
  std::uint32_t group = 0;
  bool breaks_line = false;  // starts a new message of its group, after a line break
};

// A member whose value is not text (an image, a sound, a document), identified by its digest.
struct MediaPart {
  std::string pointer;
  std::string type;        // MIME type as declared, else "application/octet-stream"
  std::uint64_t size = 0;  // bytes, decoded
  std::string sha256;      // of the decoded bytes, lower-case hex
};

// Any other member, unchanged: an identifier, a number of the protocol, a flag, null, an empty
// value.
struct PlainMember {
  std::string pointer;
  std::string json;  // its value, as written
};

// A request after parsing by its dialect, in the body's order. Every value of the body is in
// exactly one of `parts`, `media` and `members`; unknown names are in `parts`, too.
struct Prompt {
  std::string operation;  // one of kOperations; the policy's `operations` name these
  std::string model;
  bool stream = false;
  std::vector<TextPart> parts;
  std::map<std::string, double> parameters;  // numeric request parameters by name, e.g. max_tokens
  std::vector<std::string> tools;            // names of the tools offered to the model
  std::vector<MediaPart> media;
  std::vector<PlainMember> members;
};

// Parts of a prompt that form one text, in their order.
struct JoinedText {
  struct Segment {
    std::size_t part = 0;   // index into Prompt::parts
    std::size_t begin = 0;  // where its text begins in JoinedText::text
  };
  std::string text;
  std::vector<Segment> segments;  // at least one
};

// True if any text has several parts.
bool HasJoinedParts(const Prompt& prompt);

// The texts of `prompt` as the model reads them, ordered by their first part. `within_message` is
// inserted between two parts of one message: servers differ in it.
std::vector<JoinedText> JoinParts(const Prompt& prompt, absl::string_view within_message = "");

}  // namespace countersign::domain
