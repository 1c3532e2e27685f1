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
inline constexpr std::array<absl::string_view, 3> kOperations = {"chat.completions", "models.list",
                                                                 "models.get"};

// One text that the caller sends to the model, decoded (JSON escapes resolved, valid UTF-8).
struct TextPart {
  std::string role;     // system, user, assistant, tool, function; the policy's `parts` name these
  std::string pointer;  // RFC 6901 pointer into the request body
  std::string text;
  // Parts with the same number above 0 are read by the model as one text, in their order, such as
  // the parts of one message and the messages of one role that follow each other.
  std::uint32_t group = 0;
  bool breaks_line = false;  // in its group a new message begins here: a line break comes before it
};

// A member whose value is no text: an image, a sound, a document. Known by what identifies it.
struct MediaPart {
  std::string pointer;
  std::string type;        // MIME type as declared, else "application/octet-stream"
  std::uint64_t size = 0;  // bytes, decoded
  std::string sha256;      // of them, lower-case hex
};

// A member that is neither text nor media, as it stands: an identifier, a number of the protocol, a
// flag, null, an empty value.
struct PlainMember {
  std::string pointer;
  std::string json;  // its value, as written
};

// A request as its dialect read it, in the body's order. Every value of the body is in exactly one
// of `parts`, `media` and `members`; names that the protocol does not know are in `parts` too.
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

// Parts of a prompt that are read as one text, in their order.
struct JoinedText {
  struct Segment {
    std::size_t part = 0;   // index into Prompt::parts
    std::size_t begin = 0;  // where its text begins in JoinedText::text
  };
  std::string text;
  std::vector<Segment> segments;  // at least one
};

// Whether any text has several parts.
bool HasJoinedParts(const Prompt& prompt);

// The texts of `prompt` as the model reads them, by their first part. What stands between two parts
// of one message is `within_message`: servers differ in it.
std::vector<JoinedText> JoinParts(const Prompt& prompt, absl::string_view within_message = "");

}  // namespace countersign::domain
