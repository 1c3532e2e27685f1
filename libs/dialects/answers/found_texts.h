#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/dialects/answers/growth_guard.h"
#include "libs/json/document.h"

// What a dialect says about one JSON document of an answer: an event of a stream, or a whole body.
namespace countersign::dialects::answers {

// The group of texts without one. Texts of one group, such as a choice or a content block, end
// together, before the stream ends.
inline constexpr std::int64_t kNoGroup = -1;

// One step of the path to a text: a member; the element of an array member with this `index`; or,
// with `part`, any element of it (these continue each other).
struct Step {
  std::string key;
  std::int64_t index = -1;
  bool part = false;
  std::string type;  // of the part, where it names one
  bool operator==(const Step&) const = default;
};

// How a text that is found relates to the rest of its logical text.
enum class Continuation {
  kWhole,      // complete
  kContinues,  // continues in later documents: matches may span several of them
  kJoined,     // complete, but callers join it with earlier texts of its field
  kUnknown,    // decided by what comes later at the same place (repeated_texts.h)
};

// A string or a number that is masked as text.
struct FoundText {
  json::Value value;
  std::string field;  // names the logical text ("choices/0/content"), or just the member
  Continuation continuation = Continuation::kWhole;
  std::int64_t group = kNoGroup;
  std::string container;  // member of the group's element that `path` starts in; empty: the element
  std::vector<Step> path;  // for a text that continues
  std::string number;      // the digits of a number; empty for strings
  bool last = true;        // nothing follows in its field within this document
  // For a text that repeats earlier text and appends to it: the number of repeated bytes. `field`
  // is that of the appended text.
  std::size_t repeated = 0;
  bool repeats = false;
  // The index of the queued piece that repeats the part of this text that was already sent.
  std::optional<std::size_t> context;
  // Of a piece of a known text in which pieces have repeated what was before them.
  std::optional<Growth> growth;

  absl::string_view text() const { return number.empty() ? value.text() : number; }
  bool continues() const { return continuation == Continuation::kContinues; }
};

// A value that repeats a text token by token, as log probabilities do. It is replaced by null
// unless it spells exactly a text that is sent unchanged.
struct FoundCopy {
  json::Value value;
  std::string field;         // of the text that the tokens spell; empty: the value is never kept
  std::string tokens;        // what they spell together
  std::string alternatives;  // the other tokens, one per line
};

struct FoundTexts {
  std::vector<FoundText> texts;
  std::vector<FoundCopy> copies;
  std::vector<std::int64_t> ended_groups;        // groups that end with this document
  std::vector<absl::string_view> unknown_names;  // names of members; masked as texts, too
  std::vector<json::Value> padding;              // strings whose length reveals that of a text
  // Discriminating members, repeated in synthetic events: `"type":"…","index":0,` or nothing.
  std::string discriminators;
  // The document has only texts that continue: it can be dropped when they are held back.
  bool only_continuing = false;
};

// Sets `last` of the texts that continue: true for the last piece of each field.
void MarkLastPieces(FoundTexts& found);

}  // namespace countersign::dialects::answers
