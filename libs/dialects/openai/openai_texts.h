#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/json/document.h"

// Where the texts of an answer in OpenAI's form stand: one chunk of a stream, or a whole body.
namespace countersign::dialects {

// One step from a choice's delta to a text in it: a member, the element of an array member that
// carries this `index`, or, with `part`, any one element of it: they continue each other.
struct Step {
  std::string key;
  std::int64_t index = -1;
  bool part = false;
  std::string type;  // of the part, where it names one
  bool operator==(const Step&) const = default;
};

// A string or a number that somebody may read.
struct FoundText {
  json::Value value;
  std::string field;       // "choices/0/content": the logical text, or just the member
  bool continues = false;  // the text goes on in later chunks; else it is whole as it stands
  std::int64_t choice = -1;
  std::vector<Step> path;  // below that choice's delta, or below the choice itself
  bool in_delta = true;
  std::string number;  // how a number reads; empty for strings
  bool last = true;    // nothing follows in its field within this document

  absl::string_view text() const { return number.empty() ? value.text() : number; }
};

// The token probabilities of one choice. They repeat its text, token by token.
struct FoundLogprobs {
  json::Value value;
  std::string field;         // of the text that the tokens spell
  std::string tokens;        // what they spell together
  std::string alternatives;  // the other tokens, one a line
};

enum Numbering : unsigned {
  kChoiceNumbered = 1,
  kChoiceCounted = 2,
  kCallNumbered = 4,
  kCallCounted = 8,
};

struct FoundTexts {
  std::vector<FoundText> texts;
  std::vector<FoundLogprobs> logprobs;
  std::vector<std::int64_t> finished;    // choices that end with this chunk
  std::vector<absl::string_view> names;  // of members that nobody knows
  std::vector<json::Value> obfuscation;  // padding whose length tells of the text's
  // Members of an event of another form that say which text its delta continues, as they came.
  std::string beside;
  // A choice or a call of a tool is numbered by something else than 0, 1, 2 …: readers disagree
  // about which one `1.0` continues, so nobody can say what they put together.
  bool misnumbered = false;
  // Which of them are numbered, and which counted for want of a number: Numbering, or-ed together.
  unsigned numbering = 0;
  // Nothing in this chunk but continuing texts: without them it is not worth sending.
  bool only_texts = false;
};

// Short, and made of what identifiers are made of.
bool LooksLikeIdentifier(absl::string_view text);

// `root` is one chunk, parsed from `source`: strings in a choice's delta continue texts, and so do
// the parts that a content is made of, whether or not they carry an index. Names that a server
// gives out (ids, models, fingerprints) are not texts as long as they look like identifiers;
// everything else is one, wherever it stands. Numbers are texts too, each by itself, but for those
// of the protocol (indexes, codes, times, usage), as long as they are short.
FoundTexts TextsOfChunk(const json::Value& root, absl::string_view source);

// `root` is a whole body, an answer or an error. The parts of one content are one text here, too.
FoundTexts TextsOfBody(const json::Value& root, absl::string_view source);

}  // namespace countersign::dialects
