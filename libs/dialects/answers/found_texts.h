#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/json/document.h"

// What a dialect says about one JSON document of an answer: an event of a stream, or a whole body.
namespace countersign::dialects::answers {

// Texts of one group end together, before the stream does: those of a choice, of a content block.
inline constexpr std::int64_t kNoGroup = -1;

// One step on the way to a text: a member, the element of an array member that carries this
// `index`, or, with `part`, any one element of it: these continue each other.
struct Step {
  std::string key;
  std::int64_t index = -1;
  bool part = false;
  std::string type;  // of the part, where it names one
  bool operator==(const Step&) const = default;
};

// How a text that is found relates to the rest of its logical text.
enum class Continuation {
  kWhole,      // complete as it stands
  kContinues,  // goes on in later documents: a match may span several of them
  kJoined,     // complete as it stands, but callers join it with earlier ones of its field
  kUnknown,    // nobody knows: what comes at its place again shows it (repeated_texts.h)
};

// A string or a number that somebody may read.
struct FoundText {
  json::Value value;
  std::string field;  // names the logical text ("choices/0/content"), or just the member
  Continuation continuation = Continuation::kWhole;
  std::int64_t group = kNoGroup;
  std::string container;   // member of the group's element that `path` starts in; empty: itself
  std::vector<Step> path;  // of a text that continues
  std::string number;      // how a number reads; empty for strings
  bool last = true;        // nothing follows in its field within this document
  // Of a text that repeats what came before and adds to it: so many bytes are repeated. Its field
  // is then that of what is added.
  std::size_t repeated = 0;
  bool repeats = false;
  // The piece of the question that repeats what has left of this text already.
  std::optional<std::size_t> context;

  absl::string_view text() const { return number.empty() ? value.text() : number; }
  bool continues() const { return continuation == Continuation::kContinues; }
};

// A value that repeats a text token by token, as log probabilities do. It becomes null unless it
// spells exactly a text that leaves unchanged.
struct FoundCopy {
  json::Value value;
  std::string field;         // of the text that the tokens spell; empty: the value never stays
  std::string tokens;        // what they spell together
  std::string alternatives;  // the other tokens, one a line
};

struct FoundTexts {
  std::vector<FoundText> texts;
  std::vector<FoundCopy> copies;
  std::vector<std::int64_t> ended_groups;        // groups that end with this document
  std::vector<absl::string_view> unknown_names;  // of members; they are texts, too
  std::vector<json::Value> padding;              // strings whose length reveals that of a text
  // Discriminating members, repeated in synthetic events: `"type":"…","index":0,` or nothing.
  std::string discriminators;
  // The document holds nothing but texts that continue: without them it is not worth sending.
  bool only_continuing = false;
};

// Sets `last` of the texts that continue: of each field, for its last piece alone.
void MarkLastPieces(FoundTexts& found);

}  // namespace countersign::dialects::answers
