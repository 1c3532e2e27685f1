#pragma once

#include "absl/strings/string_view.h"
#include "libs/dialects/answers/found_texts.h"
#include "libs/dialects/openai/member_names.h"
#include "libs/json/document.h"

// Finds the texts of a chat completion: in one chunk of a stream, or in a whole body.
namespace countersign::dialects::openai {

// How choices and tool calls are numbered. Readers disagree about which one `1.0` continues, and
// about mixtures of numbered and unnumbered ones.
struct Numbering {
  bool choices_numbered = false;
  bool choices_counted = false;  // by their position, because they have no number
  bool calls_numbered = false;
  bool calls_counted = false;
  bool invalid = false;  // a number is not one of 0, 1, 2, …

  void Merge(const Numbering& other);
  // False when readers could put the texts together differently.
  bool consistent() const {
    return !invalid && !(choices_numbered && choices_counted) && !(calls_numbered && calls_counted);
  }
};

// True for the value of a choice's `finish_reason` that says that it is finished: some servers
// write "" instead of null.
bool IsFinishReason(const json::Value& value);

struct ChunkTexts {
  answers::FoundTexts found;
  Numbering numbering;
};

// `root` is one chunk, or an event that the caller of this function does not know, parsed from
// `source`, with `names` of its protocol: strings in a choice's delta continue texts, and so do
// the parts of a content, with or without an index. A text's group is its choice. Every other
// string is a text, too: identifiers from a server are complete, others are classified by later
// events (answers/repeated_texts.h). Each number is a text, too, except short ones of the protocol
// (indexes, codes, times, usage).
ChunkTexts FindChunkTexts(const json::Value& root, absl::string_view source,
                          const answers::MemberNames& names = AnswerMemberNames());

// `root` is a whole body, an answer or an error. The parts of one content are one text.
answers::FoundTexts FindDocumentTexts(const json::Value& root, absl::string_view source);

}  // namespace countersign::dialects::openai
